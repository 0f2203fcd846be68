#include "experiments/study/map_ranking.h"

#include <cmath>

#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

ExplainedMap map_of(const std::string& subject, double logit_after, double lost_14, double lost_5) {
  return {"", subject, 2, logit_after, {{14, {.05, .3, .3 - lost_14}}, {5, {.02, .1, .1 - lost_5}}}};
}

TEST(MapRanking, OrdersActionUnitsByWhatTheirRegionsLose) {
  const MapRanking got =
      rank_units(0, "contempt", std::vector{map_of("a", 1, .1, -.02), map_of("b", 1, .2, 0), map_of("c", 1, .3, .02)});
  EXPECT_EQ(got.explained, 3);
  EXPECT_EQ(got.subjects, 3);
  ASSERT_EQ(got.units.size(), 2u);
  EXPECT_EQ(got.units[0].number, 14);
  EXPECT_NEAR(got.units[0].lost.mean, .2, 1e-12);
  EXPECT_NEAR(got.units[0].before, .3, 1e-12);
  EXPECT_NEAR(got.units[0].after, .1, 1e-12);
  EXPECT_NEAR(got.units[0].area, .05, 1e-12);
  EXPECT_NEAR(got.units[0].lost.low, .2 - 4.302653 * .1 / std::sqrt(3), 1e-6) << "Student's t, two degrees of freedom";
  EXPECT_NEAR(got.units[0].lost.high, .2 + 4.302653 * .1 / std::sqrt(3), 1e-6);
  EXPECT_EQ(got.units[1].number, 5);
  EXPECT_NEAR(got.units[1].lost.mean, 0, 1e-12);
}

TEST(MapRanking, InvertedMapsAreCountedAndInNoMean) {
  const MapRanking got =
      rank_units(0, "contempt", std::vector{map_of("a", 1, .1, 0), map_of("b", -.3, 9, 0), map_of("c", 0, 9, 0)});
  EXPECT_EQ(got.explained, 3);
  EXPECT_EQ(got.inverted, 2);
  EXPECT_EQ(got.units[0].images, 1);
  EXPECT_NEAR(got.units[0].lost.mean, .1, 1e-12);
  EXPECT_EQ(got.units[0].lost.low, -1) << "one subject says nothing of others";
  EXPECT_EQ(got.units[0].lost.high, 1);
  ExplainedMap before = map_of("a", 1, .1, 0);
  before.logit_before = 0;
  EXPECT_TRUE(before.inverted());
}

// 30 images of each of two subjects, which differ: over images the mean is nearly certain, over subjects it is not.
TEST(MapRanking, TheIntervalIsOverSubjectsWhereKnown) {
  std::vector<ExplainedMap> of_subjects, of_nobody;
  for (int i = 0; i < 60; ++i) {
    const double lost = i < 30 ? 0 : .2;
    of_subjects.push_back(map_of(i < 30 ? "a" : "b", 1, lost, 0));
    of_nobody.push_back(map_of("", 1, lost, 0));
  }
  const auto clustered = rank_units(0, "contempt", of_subjects), single = rank_units(0, "contempt", of_nobody);
  EXPECT_EQ(clustered.units[0].clusters, 2);
  EXPECT_EQ(single.units[0].clusters, 60);
  EXPECT_LT(clustered.units[0].lost.low, 0);
  EXPECT_GT(clustered.units[0].lost.high, .2);
  EXPECT_EQ(single.subjects, 0);
  EXPECT_GT(single.units[0].lost.low, .06);
  EXPECT_LT(single.units[0].lost.high, .14);
}

class MapFiles : public testing::Test {
 protected:
  void SetUp() override {
    write_file(folder / "explained.csv",
               "id,label,target,logit_a,total_a,logit_b,total_b\n\"x,1.png\",7,7,2.5,2,-0.3,-0.2\ny.png,7,7,1,1,1,1\n");
    write_file(
        folder / "regions.json",
        R"([{"id":"x,1.png","au":{"14":{"area":0.1,"a":0.4,"b":0.3,"difference":0.5},"5":{"area":0.1,"a":0.2}}}])");
  }
  TempFolder folder;
  ExplainedSample::Emotion sample{"contempt", 9, {{"x,1.png", "s"}, {"y.png", ""}}};
};

TEST_F(MapFiles, AreJoinedByTheImagesIds) {
  const auto maps = read_explained_maps(folder.path(), sample);
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_EQ(maps[0].subject, "s");
  EXPECT_DOUBLE_EQ(maps[0].logit_before, 2.5);
  EXPECT_TRUE(maps[0].inverted());
  ASSERT_EQ(maps[0].units.size(), 1u) << "AU5 has no share in the second map";
  EXPECT_DOUBLE_EQ(maps[0].units.at(14).after, .3);
  EXPECT_TRUE(maps[1].units.empty()) << "no region is known";
  EXPECT_TRUE(rank_units(0, "contempt", maps).units.empty());
}

TEST_F(MapFiles, SayWhatIsMissing) {
  sample.images.push_back({"z.png", ""});
  expect_error("explained.csv has no image z.png", [&] { read_explained_maps(folder.path(), sample); });
  write_file(folder / "regions.json", "[{}]");
  expect_error("regions.json is not usable", [&] { read_explained_maps(folder.path(), sample); });
}

TEST_F(MapFiles, RankingsAreReadAsTheyWereWritten) {
  const MapRanking ranking{2, "fear", 12, 3, 5, {{14, 9, 4, .1, .4, .3, {.1, .05, .15}}}};
  write_map_rankings(folder / "maps.json", {ranking});
  const auto read = read_map_rankings(folder / "maps.json");
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].inverted, 3);
  EXPECT_EQ(read[0].units[0].number, 14);
  EXPECT_EQ(read[0].units[0].lost.high, .15);
  write_file(folder / "maps.json", "[3]");
  expect_error("maps.json is not usable", [&] { read_map_rankings(folder / "maps.json"); });
}

}  // namespace
}  // namespace palimpsest::experiments
