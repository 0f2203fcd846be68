#include "experiments/study/explained_sample.h"

#include <map>
#include <set>

#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

using Images = std::vector<ExplainedSample::Image>;

// One subject has 20 images, ten have one each.
Images uneven() {
  Images images;
  for (int i = 0; i < 20; ++i) images.push_back({fmt::format("a/{:02}.png", i), "a"});
  for (int i = 0; i < 10; ++i) images.push_back({fmt::format("b/{}.png", i), fmt::format("b{}", i)});
  return images;
}

std::vector<std::string> ids(const Images& images) {
  std::vector<std::string> all;
  for (const auto& image : images) all.push_back(image.id);
  return all;
}

TEST(ExplainedSample, IsSpreadOverSubjects) {
  std::set<std::string> subjects;
  for (const auto& image : spread_sample(uneven(), 11, 1, 0, 7)) subjects.insert(image.subject);
  EXPECT_EQ(subjects.size(), 11u) << "every subject once";
  const auto more = spread_sample(uneven(), 13, 1, 0, 7);
  EXPECT_TRUE(more[11].subject == "a" && more[12].subject == "a") << "only then one of them again";
}

TEST(ExplainedSample, ASmallerOneIsTheStartOfALargerOne) {
  const auto all = ids(spread_sample(uneven(), 0, 3, 2, 1));
  ASSERT_EQ(all.size(), 30u);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 30u);
  EXPECT_EQ(ids(spread_sample(uneven(), 6, 3, 2, 1)), std::vector<std::string>(all.begin(), all.begin() + 6));
}

TEST(ExplainedSample, DependsOnTheSeedAndTheStratumNotOnTheOrder) {
  Images backwards = uneven();
  std::reverse(backwards.begin(), backwards.end());
  const auto drawn = ids(spread_sample(uneven(), 8, 1, 0, 7));
  EXPECT_EQ(ids(spread_sample(backwards, 8, 1, 0, 7)), drawn);
  EXPECT_NE(ids(spread_sample(uneven(), 8, 2, 0, 7)), drawn);
  EXPECT_NE(ids(spread_sample(uneven(), 8, 1, 1, 7)), drawn);
  EXPECT_NE(ids(spread_sample(uneven(), 8, 1, 0, 6)), drawn);
}

// Without subjects every image is as likely as another: over many seeds each of 20 is drawn in a quarter of samples
// of 5.
TEST(ExplainedSample, IsFairWithoutSubjects) {
  Images images;
  for (int i = 0; i < 20; ++i) images.push_back({fmt::format("{:02}", i), ""});
  std::map<std::string, int> times;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    for (const auto& image : spread_sample(images, 5, seed, 0, 0)) ++times[image.id];
  EXPECT_EQ(times.size(), 20u);
  for (const auto& [id, count] : times) EXPECT_NEAR(count, 100, 40) << id;  // 4.6 standard deviations
}

TEST(ExplainedSample, IsReadAsItWasWritten) {
  TempFolder folder;
  const ExplainedSample sample{5, {{"contempt", 37, {{"x/1.png", "s1"}, {"x/2.png", ""}}}, {"fear", 0, {}}}};
  write_explained_sample(folder / "sample.json", sample);
  const ExplainedSample read = read_explained_sample(folder / "sample.json");
  EXPECT_EQ(read.seed, 5u);
  ASSERT_NE(read.of("contempt"), nullptr);
  EXPECT_EQ(read.of("contempt")->found, 37);
  EXPECT_EQ(read.of("contempt")->images[0].subject, "s1");
  EXPECT_EQ(read.of("anger"), nullptr);
  write_file(folder / "sample.json", "{}");
  expect_error("sample.json is not usable", [&] { read_explained_sample(folder / "sample.json"); });
}

}  // namespace
}  // namespace palimpsest::experiments
