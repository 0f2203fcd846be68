#include "cpu/reduce.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace palimpsest::cpu {

double sum(const Context& context, const Tensor& tensor) {
  const std::size_t count = context.bytes(tensor.shape, tensor.layout) / sizeof(float);
  const float* const values = data(context, tensor);
  constexpr std::size_t chunk = 1 << 15;
  std::vector<double> partial((count + chunk - 1) / chunk);
#pragma omp parallel for schedule(static)
  for (std::size_t c = 0; c < partial.size(); ++c)
    for (std::size_t i = c * chunk; i < std::min(count, (c + 1) * chunk); ++i) partial[c] += double(values[i]);
  double total = 0;
  for (const double part : partial) total += part;
  return total;
}

double smallest(const Context& context, const Tensor& tensor) {
  const std::size_t count = context.bytes(tensor.shape, tensor.layout) / sizeof(float);
  const float* const values = data(context, tensor);
  float least = std::numeric_limits<float>::infinity();
  int not_a_number = 0;
#pragma omp parallel for simd schedule(static) reduction(min : least) reduction(| : not_a_number)
  for (std::size_t i = 0; i < count; ++i) {
    least = values[i] < least ? values[i] : least;  // ignores NaN, hence the separate check
    not_a_number |= values[i] != values[i] ? 1 : 0;
  }
  if (not_a_number) return std::numeric_limits<double>::quiet_NaN();
  return double(least);
}

double* scalars(const Context& context, const Scalars& at, int count) {
  PALIMPSEST_REQUIRE(
      at.first >= 0 && at.storage && std::size_t(at.first + count) * sizeof(double) <= at.storage->bytes(),
      "{} scalars from {} on", count, at.first);
  return reinterpret_cast<double*>(data(context, Tensor{{}, Layout::matrix, at.storage})) + at.first;
}

}  // namespace palimpsest::cpu
