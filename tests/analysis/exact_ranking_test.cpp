#include "analysis/exact_ranking.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "base/random.h"
#include "base/ranking.h"

namespace palimpsest::analysis {
namespace {

TEST(ExactRanking, CountsAllChoices) {
  Random random(3, Purpose::test);
  for (int trial = 0; trial < 20; ++trial) {
    constexpr unsigned n = 9;
    std::vector<double> values;
    for (unsigned i = 0; i < n; ++i) values.push_back(trial % 2 ? random.normal() : double(random.below(4)));  // ties
    const int positives = 2 + trial % 5;
    const auto flags = [](unsigned bits) {
      std::vector<std::uint8_t> all;
      for (unsigned i = 0; i < n; ++i) all.push_back((bits >> i) & 1U);
      return all;
    };
    const std::vector<std::uint8_t> is_positive = flags((1U << positives) - 1);
    const double seen = ranking_auc(values, is_positive);
    int all = 0, as_high = 0;
    for (unsigned bits = 0; bits < (1U << n); ++bits) {
      if (std::popcount(bits) != positives) continue;
      ++all;
      as_high += ranking_auc(values, flags(bits)) >= seen - 1e-12;
    }
    EXPECT_NEAR(exact_ranking_p(values, is_positive), double(as_high) / all, 1e-12);
  }
}

TEST(ExactRanking, ThePerfectOrderHasTheSmallestP) {
  const std::vector<double> values{5, 4, 3, 2, 1, 0};
  EXPECT_NEAR(exact_ranking_p(values, std::vector<std::uint8_t>{1, 1, 0, 0, 0, 0}), 1. / 15, 1e-15);
  EXPECT_NEAR(exact_ranking_p(values, std::vector<std::uint8_t>{0, 0, 0, 0, 1, 1}), 1, 1e-15);
}

}  // namespace
}  // namespace palimpsest::analysis
