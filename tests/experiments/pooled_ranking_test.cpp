#include <gtest/gtest.h>

#include "experiments/study/plan.h"

namespace palimpsest::experiments {
namespace {

// AU1, 2 and 5 are never seen with pain, 4 and 6 are its core, 12 is sometimes seen with it.
StudyRecord record() {
  StudyRecord r;
  r.pain_units = {4, 6};
  r.pain_sometimes_units = {12};
  for (const auto& [unit, bits] : {std::pair{1, .01}, {2, .02}, {5, .03}, {4, .2}, {6, .3}, {12, .1}})
    r.units.push_back({unit, "", 20, 100, true, bits});
  return r;
}

RankingRow model(int k, const std::vector<double>& lost) {
  RankingRow row;
  row.k = k;
  const std::vector<std::pair<int, const char*>> units{{1, "never"}, {2, "never"}, {5, "never"},
                                                       {4, "core"},  {6, "core"},  {12, "sometimes"}};
  for (std::size_t i = 0; i < units.size(); ++i)
    row.units.push_back({units[i].first, units[i].second, lost[i], lost[i] - .1, lost[i] + .1});
  return row;
}

TEST(PooledRanking, RanksByTheMeanOverTheModels) {
  const RankingRow pooled =
      pooled_ranking({model(1, {.5, .1, .1, .2, 0, .4}), model(0, {.1, .5, .3, 0, 0, .4})}, record());
  const std::vector<double> means{.3, .3, .2, .1, 0, .4};
  for (std::size_t i = 0; i < means.size(); ++i) EXPECT_NEAR(pooled.units[i].auc_lost, means[i], 1e-12) << i;
  EXPECT_NEAR(pooled.mean_lost.at("never"), .8 / 3, 1e-12);
  EXPECT_NEAR(pooled.mean_lost.at("core"), .05, 1e-12);
  EXPECT_EQ(pooled.auc_core, 1);
  EXPECT_NEAR(*pooled.p_core, .1, 1e-12) << "one of the ten ways to choose three of five";
  EXPECT_NEAR(*pooled.auc, 6. / 9, 1e-12) << "AU12 lost most";
  ASSERT_TRUE(pooled.spearman_bits);
  EXPECT_LT(*pooled.spearman_bits, 0);
}

TEST(PooledRanking, OfOneModelIsItsOwn) {
  const RankingRow one = model(0, {.5, .1, .2, .15, 0, .4});
  const RankingRow pooled = pooled_ranking({one}, record());
  EXPECT_EQ(pooled.auc_core, 5. / 6);
  for (std::size_t i = 0; i < one.units.size(); ++i) EXPECT_EQ(pooled.units[i].auc_lost, one.units[i].auc_lost);
}

}  // namespace
}  // namespace palimpsest::experiments
