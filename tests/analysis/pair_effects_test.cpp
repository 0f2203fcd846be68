#include "analysis/pair_effects.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "analysis/metrics.h"
#include "base/random.h"

namespace palimpsest::analysis {
namespace {

using Values = std::vector<double>;
using Subjects = std::vector<std::int64_t>;

std::vector<int> all_of(std::size_t count) {
  std::vector<int> which(count);
  std::iota(which.begin(), which.end(), 0);
  return which;
}

// Scores of two classes: the log-odds of class 1 are these numbers.
PairScores two_classes(const std::vector<float>& with, const std::vector<float>& without) {
  std::vector<float> a, b;
  for (const float z : with) a.insert(a.end(), {0, z});
  for (const float z : without) b.insert(b.end(), {0, z});
  return pair_scores(a, b, 2);
}

TEST(PairScores, LogOddsAreThoseOfTheSoftmax) {
  const float z[] = {0, std::log(2.0F), std::log(3.0F), 300, 0, 0};  // p = 1/6, 2/6, 3/6; then all but 1, 0, 0
  const PairScores scores = pair_scores(z, z, 3);
  const double expected[] = {std::log(1 / 5.0), std::log(2 / 4.0), 0, 300 - std::log(2), -300, -300};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(scores.with[i], expected[i], 1e-6) << i;
    EXPECT_EQ(scores.with[i], scores.without[i]);
  }
  EXPECT_EQ(scores.decided_with, (std::vector<int>{2, 0}));
  EXPECT_NEAR(scores.deviation[2], 300 / std::sqrt(2), 1e-6) << "of 0 and -300";
}

TEST(ClusteredMean, OnePairPerSubjectGivesTheUsualInterval) {
  const MeanInterval got = clustered_mean(Values{1, 2, 3, 4}, Subjects{7, 3, 5, 9});
  EXPECT_EQ(got.mean, 2.5);
  EXPECT_NEAR(got.low, 2.5 - 2.0542603, 1e-7);  // 3.1824463 * sqrt(5 / 3 / 4)
  EXPECT_NEAR(got.high, 2.5 + 2.0542603, 1e-7);
}

TEST(ClusteredMean, PairsOfOneSubjectAreOnePieceOfEvidence) {
  const MeanInterval got = clustered_mean(Values{1, 2, 3, 4}, Subjects{1, 1, 2, 2});
  EXPECT_NEAR(got.high, 2.5 + 12.7062047, 1e-6);  // the subjects' sums are -2 and 2, so V = 2 * 8 / 16
}

TEST(ClusteredShare, IsWilsonsWithTheEffectiveNumber) {
  const std::vector<std::uint8_t> values{1, 0, 0, 1, 0, 0, 0, 0};
  const MeanInterval own = clustered_share(values, Subjects{0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(own.mean, 0.25);
  EXPECT_NEAR(own.low, wilson_interval(2, 8).low, 1e-12);
  EXPECT_NEAR(own.high, wilson_interval(2, 8).high, 1e-12);
  // Subjects that always agree count once: the interval is that of 3.4 trials.
  const std::vector<std::uint8_t> agreeing{1, 1, 0, 0, 0, 0, 0, 0};
  const MeanInterval four = clustered_share(agreeing, Subjects{0, 0, 1, 1, 2, 2, 3, 3});
  const double v = 4.0 / 3 * (1.5 * 1.5 + 3 * 0.5 * 0.5) / 64;
  EXPECT_NEAR(four.high, wilson_interval_of_share(.25, 8 * .25 * .75 / 7 / v).high, 1e-12);
  EXPECT_GT(four.high, own.high);
  // Nothing seen in eight pairs of four subjects.
  const MeanInterval none = clustered_share(std::vector<std::uint8_t>(8, 0), Subjects{0, 0, 1, 1, 2, 2, 3, 3});
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, wilson_interval(0, 4).high, 1e-12);
}

TEST(PairEffect, IsInDeviationsAndCountsDecisions) {
  const PairScores scores = two_classes({1, 3, 2, 4}, {-1, 2, 2, 2});
  const double deviation = std::sqrt(5.0 / 3);
  EXPECT_NEAR(scores.deviation[1], deviation, 1e-12);
  const Subjects subjects{1, 2, 3, 4};
  const PairEffect got = pair_effect(scores, 1, all_of(4), subjects);
  EXPECT_EQ(got.pairs, 4);
  EXPECT_EQ(got.subjects, 4);
  EXPECT_NEAR(got.effect.mean, (2 + 1 + 0 + 2) / 4.0 / deviation, 1e-12);
  EXPECT_EQ(got.to.mean, 0.25) << "the first pair";
  EXPECT_EQ(got.from.mean, 0);
  const PairEffect other = pair_effect(scores, 0, all_of(4), subjects);
  EXPECT_NEAR(other.effect.mean, -got.effect.mean, 1e-12);
  EXPECT_EQ(other.from.mean, 0.25);
  // Of some pairs only; the deviation stays that of all.
  EXPECT_NEAR(pair_effect(scores, 1, std::vector<int>{1, 3}, subjects).effect.mean, 1.5 / deviation, 1e-12);
}

TEST(PairChange, AHalvedEffectHasTheRatioOneHalf) {
  const std::vector<float> with{1, 3, 2, 4}, halved{0.5, 2.5, 1.5, 3}, without{0, 2, 1, 2};
  const PairChange got =
      pair_change(two_classes(with, without), two_classes(with, halved), 1, all_of(4), Subjects{1, 2, 3, 4});
  EXPECT_NEAR(got.after.effect.mean, got.before.effect.mean / 2, 1e-12);
  EXPECT_NEAR(got.difference.mean, -got.before.effect.mean / 2, 1e-12);
  ASSERT_TRUE(got.ratio);
  EXPECT_NEAR(got.ratio->mean, 0.5, 1e-12);
  EXPECT_NEAR(got.ratio->low, 0.5, 1e-6) << "the same in every pair";
  EXPECT_NEAR(got.ratio->high, 0.5, 1e-6);
}

TEST(PairChange, WhatIsWithinNoiseHasNoRatio) {
  const std::vector<float> with{1, 3, 2, 4}, without{2, 1, 3, 3};  // -1, 2, -1, 1
  const PairChange got =
      pair_change(two_classes(with, without), two_classes(with, {0, 0, 0, 0}), 1, all_of(4), Subjects{1, 2, 3, 4});
  EXPECT_LT(got.before.effect.low, 0);
  EXPECT_GT(got.after.effect.low, 0);
  EXPECT_FALSE(got.ratio);
  EXPECT_FALSE(
      pair_change(two_classes(with, with), two_classes(with, without), 1, all_of(4), Subjects{1, 2, 3, 4}).ratio)
      << "an effect of exactly 0";
}

// An end r of the ratio's interval is where after - r before is just not different from 0.
TEST(PairChange, TheRatiosIntervalIsFiellers) {
  Random random(1, Purpose::test);
  std::vector<float> with, first, second;
  Subjects subjects;
  for (int i = 0; i < 60; ++i) {
    const double own = 0.3 * random.normal();
    with.push_back(float(random.normal()));
    first.push_back(with.back() - float(1 + own + 0.5 * random.normal()));
    second.push_back(with.back() - float(0.4 + own + 0.5 * random.normal()));
    subjects.push_back(i / 3);
  }
  const PairScores before = two_classes(with, first), after = two_classes(with, second);
  const PairChange got = pair_change(before, after, 1, all_of(60), subjects);
  ASSERT_TRUE(got.ratio);
  EXPECT_LT(got.ratio->low, got.ratio->mean);
  EXPECT_GT(got.ratio->high, got.ratio->mean);
  for (const double r : {got.ratio->low, got.ratio->high}) {
    Values left;
    for (std::size_t i = 0; i < 60; ++i) left.push_back(with[i] - second[i] - r * (double(with[i]) - first[i]));
    const MeanInterval interval = clustered_mean(left, subjects);
    EXPECT_NEAR(std::min(std::abs(interval.low), std::abs(interval.high)), 0, 1e-6) << r;
  }
}

// Subjects whose pairs have an effect of their own, which is 0 in the mean: the clustered interval excludes 0 in 5 % of
// 400 sets (+- 2.2 %), one that ignores the subjects far more often.
TEST(ClusteredMean, KeepsItsLevel) {
  Random random(2, Purpose::test);
  int clustered = 0, ignoring = 0;
  for (int set = 0; set < 400; ++set) {
    Values values;
    Subjects subjects, single;
    for (int s = 0; s < 12; ++s) {
      const double own = random.normal();
      for (int i = 0; i < 5; ++i) {
        values.push_back(own + random.normal());
        subjects.push_back(s);
        single.push_back(std::int64_t(single.size()));
      }
    }
    const auto excludes_0 = [](const MeanInterval& m) { return m.low > 0 || m.high < 0; };
    clustered += excludes_0(clustered_mean(values, subjects));
    ignoring += excludes_0(clustered_mean(values, single));
  }
  EXPECT_LT(clustered, 0.08 * 400);
  EXPECT_GT(clustered, 0.02 * 400);
  EXPECT_GT(ignoring, 0.15 * 400);
}

}  // namespace
}  // namespace palimpsest::analysis
