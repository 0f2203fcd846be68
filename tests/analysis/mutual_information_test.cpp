#include "analysis/mutual_information.h"

#include <gtest/gtest.h>

#include <vector>

namespace palimpsest::analysis {
namespace {

using Flags = std::vector<std::uint8_t>;

TEST(MutualInformation, KnownAnswers) {
  EXPECT_NEAR(mutual_information(Flags{0, 0, 1, 1}, Flags{0, 0, 1, 1}), 1, 1e-12);              // a copy of a fair coin
  EXPECT_NEAR(mutual_information(Flags{0, 0, 1, 1}, Flags{1, 1, 0, 0}), 1, 1e-12);              // and its opposite
  EXPECT_NEAR(mutual_information(Flags{0, 0, 1, 1}, Flags{0, 1, 0, 1}), 0, 1e-12);              // two coins
  EXPECT_NEAR(mutual_information(Flags{0, 0, 0, 1}, Flags{0, 0, 0, 1}), 0.811278124459, 1e-9);  // entropy of 1/4
  EXPECT_NEAR(mutual_information(Flags{0, 0, 1, 1}, Flags{0, 0, 0, 1}), 0.311278124459, 1e-9);
  EXPECT_EQ(mutual_information(Flags{1, 1, 1}, Flags{0, 1, 0}), 0);
}

}  // namespace
}  // namespace palimpsest::analysis
