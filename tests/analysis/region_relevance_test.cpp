#include "analysis/region_relevance.h"

#include <cmath>

#include "tests/support/expect_error.h"

namespace palimpsest::analysis {
namespace {

TEST(RegionRelevance, SharesByHand) {
  //                               inside       outside
  const std::vector<float> map{4, -1, 2, /**/ 3, -5, 1, 0, 0};
  const std::vector<float> mask{1, 1, 1, /**/ 0, 0, 0, 0, 0};
  const auto got = region_relevance(map, mask).value();
  EXPECT_NEAR(got.positive_share, 6.0 / 10, 1e-15);
  EXPECT_NEAR(got.absolute_share, 7.0 / 16, 1e-15);
  EXPECT_NEAR(got.rank_accuracy, 2.0 / 3, 1e-15) << "of 4, 3 and 2 two are inside";
  EXPECT_NEAR(got.area_share, 3.0 / 8, 1e-15);
  EXPECT_NEAR(got.enrichment(), 1.6, 1e-15);
}

TEST(RegionRelevance, ASoftMaskCountsInPart) {
  const auto got = region_relevance(std::vector<float>{1, 1, 2}, std::vector<float>{1, 0.5F, 0}).value();
  EXPECT_NEAR(got.positive_share, 1.5 / 4, 1e-15);
  EXPECT_NEAR(got.area_share, 0.5, 1e-15);
  EXPECT_NEAR(got.rank_accuracy, 0.5, 1e-15) << "K = 2: the pixel of 2, outside, and one of the tied pair, inside";
}

TEST(RegionRelevance, AFlatMapHasNoPreference) {
  const auto got =
      region_relevance(std::vector<float>(10, 0.1F), std::vector<float>{1, 1, 1, 0, 0, 0, 0, 0, 0, 0}).value();
  EXPECT_NEAR(got.enrichment(), 1, 1e-6);
  EXPECT_NEAR(got.rank_accuracy, 0.3, 1e-12) << "ties are shared, not won by the first pixel";
}

TEST(RegionRelevance, NothingWhereAShareWouldBeOfNothing) {
  EXPECT_FALSE(region_relevance(std::vector<float>(3, 0.0F), std::vector<float>{1, 0, 0}));
  EXPECT_FALSE(region_relevance(std::vector<float>(3, -1.0F), std::vector<float>{1, 0, 0}));
  EXPECT_FALSE(region_relevance(std::vector<float>(3, 1.0F), std::vector<float>{0, 0, 0.4F}));
  EXPECT_THROW(region_relevance(std::vector<float>{NAN}, std::vector<float>{1}), ContractError);
  EXPECT_THROW(region_relevance(std::vector<float>(3), std::vector<float>(2)), ContractError);
}

}  // namespace
}  // namespace palimpsest::analysis
