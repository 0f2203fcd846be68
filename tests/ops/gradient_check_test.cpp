#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/case_tests.h"

// The gradients that the reference computes, as central differences of the functions whose gradients they are, in
// double. Devices are compared with the reference (parity_test.cpp).
namespace palimpsest {
namespace {

using reference::Values;

class GradientCheck : public testing::TestWithParam<OpCase> {};

TEST_P(GradientCheck, IsTheCentralDifference) {
  const auto gradients = GetParam().expected(Numbers::random);
  const auto functions = GetParam().derivative_of();
  ASSERT_LE(functions.size(), gradients.size());
  for (std::size_t k = 0; k < functions.size(); ++k) {
    const Values& gradient = gradients[k].value;
    Values at = functions[k].at;
    ASSERT_EQ(at.size(), gradient.size());
    double scale = 0;
    for (const double g : gradient) scale = std::max(scale, std::abs(g));
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double kept = at[i], h = 1e-6;
      at[i] = kept + h;
      const double above = functions[k].value(at);
      at[i] = kept - h;
      const double below = functions[k].value(at);
      at[i] = kept;
      ASSERT_NEAR(gradient[i], (above - below) / (2 * h), 3e-6 * scale + 1e-9) << "output " << k << "[" << i << "]";
    }
  }
}

// The cases that take at most some tenths of a second: two evaluations per value, of which there are about as many as a
// case reads and writes. Every family has some.
std::vector<OpCase> quick_gradients() {
  auto cases = op_cases();
  std::erase_if(cases, [](const OpCase& one) { return !one.derivative_of || 2 * one.flops * one.bytes / 4 > 2.5e8; });
  return cases;
}

TEST(GradientChecks, CoverEveryBackwardPass) {
  for (const auto& one : op_cases()) {
    EXPECT_EQ(bool(one.derivative_of),
              one.name.find("backward") != std::string::npos || one.name.starts_with("focal_loss"))
        << one.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GradientCheck, testing::ValuesIn(quick_gradients()),
                         [](const auto& one) { return test_name(one.param.name); });

}  // namespace
}  // namespace palimpsest
