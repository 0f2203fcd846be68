#include "base/ranking.h"

#include <cmath>

#include "analysis/bootstrap.h"
#include "tests/analysis/golden_json.h"
#include "tests/support/expect_error.h"

namespace palimpsest::analysis {
namespace {

TEST(Ranking, AgreesWithScipyAndScikitLearn) {
  const auto golden = golden_json("ranking");
  const auto values = golden["values"].get<std::vector<double>>(), other = golden["other"].get<std::vector<double>>();
  EXPECT_EQ(mid_ranks(values), golden["ranks"].get<std::vector<double>>());
  EXPECT_NEAR(ranking_auc(values, golden["positive"].get<std::vector<std::uint8_t>>()), golden["auc"], 1e-14);
  EXPECT_NEAR(spearman(values, other), golden["spearman"], 1e-14);
  for (const auto& pair : golden["quantiles"]) {
    auto copy = other;
    EXPECT_NEAR(quantile(copy, pair[0]), pair[1], 1e-12);
  }
}

TEST(Ranking, Extremes) {
  const std::vector<double> values{1, 2, 3, 4};
  EXPECT_EQ(ranking_auc(values, std::vector<std::uint8_t>{0, 0, 1, 1}), 1);
  EXPECT_EQ(ranking_auc(values, std::vector<std::uint8_t>{1, 1, 0, 0}), 0);
  EXPECT_EQ(ranking_auc(std::vector<double>(4, 7), std::vector<std::uint8_t>{1, 0, 1, 0}), 0.5);
  EXPECT_THROW(ranking_auc(values, std::vector<std::uint8_t>{0, 0, 0, 0}), ContractError);
  EXPECT_THROW(mid_ranks(std::vector<double>{1, NAN}), ContractError);
  EXPECT_EQ(spearman(values, std::vector<double>{-1, -2, -3, -40}), -1);
  EXPECT_EQ(spearman(values, std::vector<double>(4, 1)), 0);
}

// scipy.stats.kendalltau([1, 2, 2, 3, 5, 4], [2, 1, 1, 3, 4, 4]) = 0.667124384994991
TEST(KendallTau, AllowsForTies) {
  EXPECT_NEAR(kendall_tau_b(std::vector<double>{1, 2, 2, 3, 5, 4}, std::vector<double>{2, 1, 1, 3, 4, 4}),
              0.667124384994991, 1e-9);
  const std::vector<double> values{5, 3, 2, 1};
  EXPECT_EQ(kendall_tau_b(values, std::vector<double>{-1, -2, -3, -40}), 1);
  EXPECT_EQ(kendall_tau_b(values, std::vector<double>{1, 2, 3, 40}), -1);
  EXPECT_EQ(kendall_tau_b(values, std::vector<double>(4, 1)), 0);
}

TEST(Bootstrap, GroupsAreNumberedInTheirOrder) {
  EXPECT_EQ(dense_groups(std::vector<std::int64_t>{9, 4, 9, -1}), (std::vector<int>{0, 1, 0, 2}));
}

TEST(Bootstrap, CountsAddUp) {
  const auto counts = bootstrap_counts(50, 3, 4);
  float sum = 0;
  for (const float c : counts) sum += c;
  EXPECT_EQ(sum, 50);
  EXPECT_NE(counts, bootstrap_counts(50, 3, 5));
}

}  // namespace
}  // namespace palimpsest::analysis
