#include "analysis/rejections.h"

#include <gtest/gtest.h>

#include <cmath>

namespace palimpsest::analysis {
namespace {

TEST(Rejections, RatesAndTheirErrors) {
  Rejections rejections;
  for (int set = 0; set < 100; ++set) {
    rejections.add("often", set < 36 ? 0.01 : 0.9, set);
    rejections.add("as expected", set < 6 ? 0.049 : 0.05, set);
  }
  const auto rates = rejections.rates();
  ASSERT_EQ(rates.size(), 2U);
  const auto &often = rates[0], &expected = rates[1];
  EXPECT_EQ(often.test, "often");
  EXPECT_EQ(often.sets, 100);
  EXPECT_EQ(often.rejected, 36);
  EXPECT_NEAR(often.error, 0.048, 1e-12);
  EXPECT_FALSE(often.agrees_with(0.05));
  EXPECT_EQ(expected.rejected, 6) << "a p of exactly .05 does not reject";
  EXPECT_TRUE(expected.agrees_with(0.05));
}

// Eight tests of a set that always agree are worth one.
TEST(Rejections, TestsOfASetDependOnEachOther) {
  Rejections together, single;
  for (int set = 0; set < 100; ++set) {
    for (int test = 0; test < 8; ++test) together.add("a test", set < 9 ? 0 : 1, set);
    single.add("a test", set < 9 ? 0 : 1, set);
  }
  const auto eight = together.rates()[0], one = single.rates()[0];
  EXPECT_EQ(eight.sets, 100);
  EXPECT_EQ(eight.tests, 800);
  EXPECT_NEAR(eight.error, one.error, 1e-12);
  EXPECT_NEAR(one.error, std::sqrt(.09 * .91 / 100), 1e-12);
  EXPECT_TRUE(eight.agrees_with(.05));
  EXPECT_TRUE(one.agrees_with(.05));
  Rejections one_set;
  for (int test = 0; test < 100; ++test) one_set.add("a test", test < 9 ? 0 : 1, 7);
  EXPECT_NEAR(one_set.rates()[0].error, one.error, 1e-12) << "as if its tests were independent";
  Rejections many;
  for (int set = 0; set < 800; ++set) many.add("a test", set < 72 ? 0 : 1, set);
  EXPECT_FALSE(many.rates()[0].agrees_with(.05)) << "as many independent tests";
  Rejections never;
  for (int set = 0; set < 200; ++set) never.add("a test", 1, set);
  EXPECT_FALSE(never.rates()[0].agrees_with(.05));
}

}  // namespace
}  // namespace palimpsest::analysis
