#include <gmock/gmock.h>

#include <cmath>

#include "base/error.h"
#include "experiments/report/report.h"
#include "experiments/representation/comparison.h"
#include "experiments/study/records.h"
#include "tests/experiments/well_formed.h"
#include "tests/support/temp_folder.h"

// The report's section on the network's blocks, from fabricated records.
namespace palimpsest::experiments {
namespace {

using testing::HasSubstr;
using testing::Not;

class BlocksReport : public testing::Test {
 protected:
  std::string page(const std::vector<BlockComparison>& classes, const std::vector<BlockComparison>& concepts) {
    StudyRecord record;
    record.emotions = {"sad", "low & <high>"};
    write_record(study / "study.json", record);
    create_folder(study / "representation");
    write_file(study / "representation/classes.json", comparison_json(classes));
    if (!concepts.empty()) write_file(study / "representation/concepts.json", comparison_json(concepts));
    run_report({study.path()});
    return read_file(study / "report.html");
  }
  TempFolder study;
};

TEST_F(BlocksReport, ShowsTheMeanOverClassesAndWhatHasMoved) {
  const std::vector<BlockComparison> classes{
      {1, 8, true, .9, .5, {{"sad", 5, .6, .5, .4}, {"low & <high>", 5, .7, .6, .5}}, {}},
      {2, 256, false, .25, NAN, {{"sad", 5, .9, .75, .5}, {"low & <high>", 5, .8, NAN, .5}}, {}}};
  const std::vector<BlockComparison> concepts{
      {1, 8, true, .9, .5, {}, {{"AU99", 10, 100, .111, .222, .333}}},
      {2, 256, false, .25, .1, {}, {{"AU<5>", 10, 100, .912, .413, .714}, {"AU6", 3, 100, NAN, NAN, NAN}}}};
  const std::string html = page(classes, concepts);
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("<h2>Where in the network</h2>"));
  EXPECT_THAT(html, HasSubstr("8 (means)"));
  EXPECT_THAT(html, HasSubstr(">0.650<"));  // before, block 1: (.6 + .7) / 2
  EXPECT_THAT(html, HasSubstr(">0.750<"));  // after, block 2: of the class that has an area
  EXPECT_THAT(html, HasSubstr(">0.250<"));  // similarity of block 2
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(html, HasSubstr("AU&lt;5&gt;"));
  for (const char* area : {"0.912", "0.413", "0.714"}) EXPECT_THAT(html, HasSubstr(area));
  EXPECT_THAT(html, Not(HasSubstr("AU99"))) << "concepts are those of the last block";
}

TEST_F(BlocksReport, WithoutConceptsTheirTableIsLeftOut) {
  const std::string html = page({{1, 8, true, .9, .5, {}, {}}}, {});
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("<h2>Where in the network</h2>"));
  EXPECT_THAT(html, Not(HasSubstr("refitted")));
}

TEST_F(BlocksReport, ABrokenRecordNamesItsFile) {
  create_folder(study / "representation");
  StudyRecord record;
  record.emotions = {"sad"};
  write_record(study / "study.json", record);
  write_file(study / "representation/classes.json", "[{}]");
  try {
    run_report({study.path()});
    FAIL() << "a record without a block was accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("representation/classes.json"));
  }
}

// What the section reads is what the step wrote, without a value for what could not be measured.
TEST(BlockComparisonFile, ReadsWhatItWrote) {
  const std::vector<BlockComparison> written{
      {4, 64, true, .25, NAN, {{"a", 3, .5, NAN, .75}}, {{"c", 4, 9, .1, .2, NAN}}}};
  const auto read = Json::parse(comparison_json(written)).get<std::vector<BlockComparison>>();
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(comparison_json(read), comparison_json(written));
  EXPECT_EQ(read[0].block, 4);
  EXPECT_TRUE(std::isnan(read[0].classes[0].after));
  EXPECT_EQ(read[0].concepts[0].unchanged, .2);
}

}  // namespace
}  // namespace palimpsest::experiments
