#include "analysis/significance.h"

#include "tests/analysis/golden_json.h"
#include "tests/support/expect_error.h"

namespace palimpsest::analysis {
namespace {

TEST(TTests, AgreeWithScipy) {
  for (const auto& golden : golden_json("t_tests")) {
    const auto differences = golden["differences"].get<std::vector<double>>();
    const TTest paired = paired_t_test(differences);
    EXPECT_EQ(paired.df, double(differences.size() - 1));
    EXPECT_TRUE(close(paired.t, golden["t"], 1e-11)) << paired.t;
    EXPECT_TRUE(close(paired.p, golden["p"], 1e-8)) << paired.p;
    const TTest corrected = corrected_resampled_t_test(differences, 1);
    EXPECT_TRUE(close(corrected.t, golden["corrected"]["t"], 1e-11)) << corrected.t;
    EXPECT_TRUE(close(corrected.p, golden["corrected"]["p"], 1e-8)) << corrected.p;
  }
}

TEST(TTests, FarTailsAgreeWithScipy) {
  for (const auto& golden : golden_json("t_tails"))
    EXPECT_TRUE(close(student_t_two_sided(golden[0], golden[1]), golden[2], 1e-9)) << golden;
}

// The paper prints t with two decimals; its p must be between those of the t's that round to it.
TEST(TTests, ThePapersPValuesFollowFromItsT) {
  EXPECT_LT(student_t_two_sided(-13.135, 499), 4.88e-34);
  EXPECT_GT(student_t_two_sided(-13.125, 499), 4.88e-34);
  EXPECT_LT(student_t_two_sided(-9.335, 499), 3.49e-19);
  EXPECT_GT(student_t_two_sided(-9.325, 499), 3.49e-19);
}

TEST(TTests, DegenerateDifferences) {
  const TTest none = paired_t_test(std::vector<double>(10, 0.0));
  EXPECT_EQ(none.t, 0);
  EXPECT_EQ(none.p, 1);
  const TTest constant = paired_t_test(std::vector<double>(8, -0.25));
  EXPECT_EQ(constant.t, -INFINITY);
  EXPECT_EQ(constant.p, 0);
  EXPECT_THROW(paired_t_test(std::vector<double>{1}), ContractError);
  EXPECT_THROW(paired_t_test(std::vector<double>{1, NAN}), ContractError);
}

TEST(Holm, AgreesWithStatsmodels) {
  for (const auto& golden : golden_json("holm")) {
    const auto got = holm(golden[0].get<std::vector<double>>());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(close(got[i], golden[1][i], 1e-14)) << golden;
  }
  EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace palimpsest::analysis
