#include "analysis/rejections.h"

#include <gtest/gtest.h>

namespace palimpsest::analysis {
namespace {

TEST(Rejections, RatesAndTheirErrors) {
  Rejections rejections;
  for (int set = 0; set < 100; ++set) {
    rejections.add("often", set < 36 ? 0.01 : 0.9);
    rejections.add("as expected", set < 6 ? 0.049 : 0.05);
  }
  ASSERT_EQ(rejections.rates().size(), 2U);
  const auto &often = rejections.rates()[0], &expected = rejections.rates()[1];
  EXPECT_EQ(often.test, "often");
  EXPECT_EQ(often.sets, 100);
  EXPECT_EQ(often.rejected, 36);
  EXPECT_NEAR(often.error(), 0.048, 1e-12);
  EXPECT_FALSE(often.agrees_with(0.05));
  EXPECT_EQ(expected.rejected, 6) << "a p of exactly .05 does not reject";
  EXPECT_TRUE(expected.agrees_with(0.05));
}

}  // namespace
}  // namespace palimpsest::analysis
