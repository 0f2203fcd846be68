#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "ops/tensor.h"

// What the examples need to check themselves: the same numbers on every run, and whether two results are equal.
namespace palimpsest {

using Values = std::vector<float>;

inline Values random_values(const Shape& shape, std::uint64_t stream) {
  Random random(1, Purpose::test, 0, stream);
  Values values(std::size_t(shape.count()));
  for (float& v : values) v = float(random.normal());
  return values;
}

// Equal up to rounding. NaN equals nothing.
inline bool equal(std::string_view what, const Values& by_hand, const Values& by_library) {
  const auto close = [](float a, float b) { return std::abs(a - b) <= 1e-5F * (1 + std::abs(a)); };
  const bool all_close = std::ranges::equal(by_hand, by_library, close);
  fmt::print("{}: {}\n", what, all_close ? "equal up to rounding" : "DIFFERENT");
  return all_close;
}

}  // namespace palimpsest
