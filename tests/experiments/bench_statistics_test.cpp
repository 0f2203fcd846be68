#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "experiments/bench/statistics.h"
#include "tests/support/expect_error.h"

// Median, noise and interval of samples whose answers are known.
namespace palimpsest::experiments {
namespace {

std::vector<double> counted(int n) {
  std::vector<double> samples;
  for (int i = n; i >= 1; --i) samples.push_back(i);
  return samples;
}

TEST(BenchStatistics, MedianAndQuartiles) {
  const Summary odd = summary_of({5, 1, 4, 2, 3});
  EXPECT_EQ(odd.samples, 5u);
  EXPECT_EQ(odd.median, 3);
  EXPECT_DOUBLE_EQ(odd.noise, (4.0 - 2.0) / 3.0);
  const Summary even = summary_of({4, 1, 3, 2});
  EXPECT_EQ(even.median, 2.5);
  EXPECT_DOUBLE_EQ(even.noise, (3.25 - 1.75) / 2.5);  // numpy.percentile([1, 2, 3, 4], [25, 75])
  const Summary one = summary_of({7});
  EXPECT_EQ(one.median, 7);
  EXPECT_TRUE(std::isnan(one.noise));
  expect_error("no samples", [] { summary_of({}); });
}

// The orders that tables of the sign test give: Conover 1999, table A3, and Le Boudec 2010, table A.1.
TEST(BenchStatistics, IntervalOfTheMedian) {
  for (const int n : {1, 2, 3, 4, 5}) EXPECT_EQ(order_of_interval(std::size_t(n)), 0u) << n;
  const std::vector<std::pair<std::size_t, std::size_t>> known{
      {6, 1}, {8, 1}, {9, 2}, {11, 2}, {12, 3}, {20, 6}, {30, 10}, {50, 18}, {70, 27}, {100, 40}, {1000, 469}};
  for (const auto& [samples, order] : known) EXPECT_EQ(order_of_interval(samples), order) << samples;
  const Summary few = summary_of(counted(5));
  EXPECT_FALSE(few.has_interval());
  EXPECT_TRUE(std::isnan(few.relative_width()));
  const Summary twenty = summary_of(counted(20));
  EXPECT_TRUE(twenty.has_interval());
  EXPECT_EQ(twenty.low, 6);
  EXPECT_EQ(twenty.high, 15);
  EXPECT_DOUBLE_EQ(twenty.relative_width(), 9 / 10.5);
}

// One slow run in twelve, as when something else woke up, moves neither figure.
TEST(BenchStatistics, AnOutlierHasNoSay) {
  std::vector<double> samples(12, 2.0);
  samples[3] = 100;
  const Summary s = summary_of(samples);
  EXPECT_EQ(s.median, 2);
  EXPECT_EQ(s.noise, 0);
  EXPECT_EQ(s.relative_width(), 0);
}

}  // namespace
}  // namespace palimpsest::experiments
