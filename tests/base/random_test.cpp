#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace palimpsest {
namespace {

using Block = std::array<std::uint32_t, 4>;

// The known-answer vectors of Random123, the authors' own library (file kat_vectors, philox4x32 with 10 rounds).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

std::vector<std::uint32_t> first_bits(Random random, int n = 16) {
  std::vector<std::uint32_t> bits(static_cast<std::size_t>(n));
  for (auto& b : bits) b = random.bits();
  return bits;
}

TEST(Random, TheSameKeysGiveTheSameStream) {
  EXPECT_EQ(first_bits({7, Purpose::shuffle, 3, 4}), first_bits({7, Purpose::shuffle, 3, 4}));
}

TEST(Random, StreamsWithAnyOtherKeyDiffer) {
  const auto base = first_bits({7, Purpose::shuffle, 3, 4});
  EXPECT_NE(first_bits({8, Purpose::shuffle, 3, 4}), base);
  EXPECT_NE(first_bits({7, Purpose::augment, 3, 4}), base);
  EXPECT_NE(first_bits({7, Purpose::shuffle, 4, 4}), base);
  EXPECT_NE(first_bits({7, Purpose::shuffle, 3, 5}), base);
  EXPECT_NE(first_bits({7, Purpose::shuffle, 3, 4 + (std::uint64_t{1} << 32)}), base) << "all 64 bits of index count";
  EXPECT_NE(first_bits({7 + (std::uint64_t{1} << 32), Purpose::shuffle, 3, 4}), base) << "and of the seed";
}

TEST(Random, UniformLiesInItsRangeWithTheRightMoments) {
  Random random(1, Purpose::test);
  constexpr int n = 200000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double u = random.uniform();
    ASSERT_TRUE(u >= 0 && u < 1);
    sum += u, squares += u * u;
  }
  const double mean = sum / n;
  EXPECT_NEAR(mean, 0.5, 5 / std::sqrt(12.0 * n));
  EXPECT_NEAR(squares / n - mean * mean, 1.0 / 12, 0.002);
  const double v = random.uniform(-3, -2);
  EXPECT_TRUE(v >= -3 && v < -2);
}

TEST(Random, BelowIsUniform) {
  Random random(2, Purpose::test);
  constexpr int n = 70000, k = 7;
  std::array<int, k> counts{};
  for (int i = 0; i < n; ++i) ++counts.at(random.below(k));
  double chi2 = 0;
  for (const int c : counts) chi2 += (c - n / double(k)) * (c - n / double(k)) / (n / double(k));
  EXPECT_LT(chi2, 22.5) << "chi-square with 6 degrees of freedom, p = 0.001";
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, BelowOfALargeNumberIsUnbiased) {
  // With n = 3 * 2^30 plain reduction modulo n, or multiplication without rejection, would favour a third of the
  // values.
  Random random(3, Purpose::test);
  const std::uint32_t n = 3U << 30;
  int low = 0;
  for (int i = 0; i < 60000; ++i) low += random.below(n) < (1U << 30);
  EXPECT_NEAR(low, 20000, 5 * std::sqrt(60000.0 * 2 / 9));
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  Random random(4, Purpose::test);
  constexpr int n = 200000;
  double sum = 0, squares = 0;
  int beyond = 0;
  for (int i = 0; i < n; ++i) {
    const double z = random.normal();
    ASSERT_TRUE(std::isfinite(z));
    sum += z, squares += z * z, beyond += std::abs(z) > 1.959964;
  }
  EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 0.02);
  EXPECT_NEAR(beyond, 0.05 * n, 500);
}

TEST(Random, ChanceOfZeroAndOneAreCertain) {
  Random random(5, Purpose::test);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
  }
}

TEST(Permutation, HoldsEveryNumberOnce) {
  auto order = permutation(1000, {1, Purpose::shuffle});
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(order[std::size_t(i)], i);
  EXPECT_TRUE(permutation(0, {1, Purpose::shuffle}).empty());
  EXPECT_EQ(permutation(1, {1, Purpose::shuffle}), std::vector<int>{0});
}

TEST(Permutation, EveryOrderIsEquallyLikely) {
  std::map<std::vector<int>, int> counts;
  for (std::uint64_t i = 0; i < 24000; ++i) ++counts[permutation(4, {9, Purpose::shuffle, 0, i})];
  ASSERT_EQ(counts.size(), 24U);
  double chi2 = 0;
  for (const auto& [order, count] : counts) chi2 += (count - 1000) * (count - 1000) / 1000.0;
  EXPECT_LT(chi2, 49.7) << "chi-square with 23 degrees of freedom, p = 0.001";
}

}  // namespace
}  // namespace palimpsest
