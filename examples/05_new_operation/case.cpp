// The case (in the library: an OpCase of tests/support/op_cases_*.cpp, from which every test of the operation follows),
// and in short what the tests do with it.
#include <fmt/format.h>

#include <cmath>

#include "examples/05_new_operation/op.h"
#include "tests/support/op_cases.h"
#include "tests/support/test_devices.h"

using namespace palimpsest;
using reference::Values;

constexpr float kSlope = 0.25F;  // so that small integers give exact results

// Inputs by number: 0 x, 1 dy. On integers a device must give the reference's bits, on others be within the rounding.
static bool agrees(const char* device, decltype(leaky_relu_on_cpu) run, const Shape& shape, Layout layout,
                   Numbers numbers) {
  const std::string name = fmt::format("leaky_relu n{} c{} h{} w{}", shape.n, shape.c, shape.h, shape.w);
  const auto x = case_numbers(name, 0, shape.count(), numbers), dy = case_numbers(name, 1, shape.count(), numbers);
  const Values expected = reference::leaky_relu({x.begin(), x.end()}, {dy.begin(), dy.end()}, kSlope);
  const Floats got = run(shape, layout, x, dy, kSlope);
  int wrong = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double allowed = numbers == Numbers::random ? 2 * kUnit32 * std::abs(expected[i]) : 0;
    wrong += !(std::abs(double(got[i]) - expected[i]) <= allowed);  // NaN is wrong
  }
  fmt::print("{}: {} on {}, {} wrong\n", name, numbers == Numbers::random ? "random" : "integers", device, wrong);
  return wrong == 0;
}

// OpCase::derivative_of: the backward pass is the slope of sum(dy * y), here by central differences of the reference.
static bool is_derivative() {
  const Values x = case_values("slope", 0, 20, Numbers::random), dy = case_values("slope", 1, 20, Numbers::random);
  const auto value = [&](const Values& at) { return dot(dy, reference::leaky_relu(at, at, kSlope)); };
  const Values dx = reference::leaky_relu(x, dy, kSlope);
  bool right = true;
  for (std::size_t i = 0; i < x.size(); ++i) {
    Values above = x, below = x;
    above[i] += 1e-6, below[i] -= 1e-6;
    right &= std::abs((value(above) - value(below)) / 2e-6 - dx[i]) <= 1e-6;
  }
  fmt::print("its gradient is {}\n", right ? "right" : "WRONG");
  return right;
}

int main() {
  bool right = is_derivative();
  // One value, channels that fill no block, several images; then rows of a matrix.
  for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{2, 17, 3, 5}, Shape{3, 32, 4, 4}, Shape{7, 33}})
    for (const Numbers numbers : {Numbers::small_integers, Numbers::random}) {
      const Layout layout = shape.h == 1 && shape.n > 1 ? Layout::matrix : Layout::activation;
      right &= agrees("the CPU", leaky_relu_on_cpu, shape, layout, numbers);
      right &= agrees("the emulated GPU", leaky_relu_on_cuda, shape, layout, numbers);
    }
  return right ? 0 : 1;
}
