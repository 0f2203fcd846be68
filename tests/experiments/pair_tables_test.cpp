#include "experiments/pair_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace palimpsest::experiments {
namespace {

using testing::HasSubstr;

analysis::PairEffect effect(double mean, double reach) {
  return {20, 10, {mean, mean - reach, mean + reach}, {0.25, 0.125, 0.5}, {0, 0, 0.25}};
}

PairRow changed(const std::string& context, int c, double before, double after, bool ratio) {
  PairRow row{14, context, c, effect(before, 0.5), {}};
  row.change = {row.before, effect(after, 0.25), {after - before, -1, 1}, {}};
  if (ratio) row.change->ratio = {after / before, 0, 2};
  return row;
}

const std::vector<std::string> classes{"contempt, \"half\"", "other"};
const std::vector<PairRow> rows{changed("all", 0, 1, 0.75, true), changed("all", 1, 0.25, 0.5, false),
                                changed("fear", 0, 1, 0, true), changed("fear", 1, 1, 0, true)};

TEST(PairTables, CsvHasARowForEachUnitContextAndClass) {
  const std::string csv = pairs_csv(rows, classes);
  EXPECT_THAT(csv, testing::StartsWith("action_unit,context,class,pairs,subjects,effect_before,effect_before_low,"
                                       "effect_before_high,to_before,"));
  EXPECT_THAT(csv, HasSubstr("14,all,\"contempt, \"\"half\"\"\",20,10,1,0.5,1.5,0.25,0.125,0.5,0,0,0.25,"
                             "0.75,0.5,1,0.25,0.125,0.5,0,0,0.25,-0.25,-1,1,0.75,0,2\n"));
  EXPECT_THAT(csv, HasSubstr("14,all,other,20,10,")) << csv;
  EXPECT_THAT(csv, HasSubstr(",0.25,-1,1,,,\n")) << "no ratio where the effect before is within its noise";
}

TEST(PairTables, JsonHasTheSame) {
  const auto json = nlohmann::json::parse(pairs_json(rows, classes));
  ASSERT_EQ(json.size(), 4u);
  EXPECT_EQ(json[0].at("class"), classes[0]);
  EXPECT_EQ(json[0].at("ratio"), (nlohmann::json{{"mean", 0.75}, {"low", 0}, {"high", 2}}));
  EXPECT_TRUE(json[1].at("ratio").is_null());
  EXPECT_EQ(json[2].at("context"), "fear");
  EXPECT_EQ(json[2].at("effect_after").at("mean"), 0);
}

TEST(PairTables, ForPeopleOnlyFacesOfEveryContext) {
  const std::string table = pairs_table(rows, classes);
  EXPECT_THAT(table, testing::ContainsRegex("AU14 +20  before +\\+1\\.00\\* +\\+0\\.25 \n"));
  EXPECT_THAT(table, testing::ContainsRegex("after +\\+0\\.75\\* +\\+0\\.50\\*\n"));
  EXPECT_THAT(table, testing::ContainsRegex("change +-0\\.25  +\\+0\\.25 \n"));
  EXPECT_EQ(std::ranges::count(table, '\n'), 6) << table;
  std::vector<PairRow> one(rows.begin(), rows.begin() + 2);
  for (PairRow& row : one) row.change.reset();
  EXPECT_THAT(pairs_table(one, classes), HasSubstr("effect"));
}

}  // namespace
}  // namespace palimpsest::experiments
