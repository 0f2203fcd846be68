#include "cpu/average_pool.h"

#include <algorithm>

namespace palimpsest::cpu {

// Both walk over pieces: one block of channels of one image.
void average_pool(const Context& context, const Tensor& x, const Tensor& y) {
  const Shape s = x.shape;
  check(context, x, s, Layout::activation, "x");
  check(context, y, {s.n, s.c}, Layout::matrix, "y");
  const Pieces p = pieces(context, s, Layout::activation);
  const float* const from = data(context, x);
  float* const to = data(context, y);
#pragma omp parallel for schedule(static)
  for (int piece = 0; piece < p.n * p.blocks; ++piece) {
    const float* const values = from + std::size_t(piece) * p.piece();
    std::array<double, 16> sums{};  // the largest block
    for (std::size_t i = 0; i < p.piece(); ++i) sums[i % std::size_t(p.lanes)] += double(values[i]);
    const int image = piece / p.blocks, first = piece % p.blocks * p.lanes;
    float* const means = to + std::size_t(image) * std::size_t(s.c) + std::size_t(first);
    for (int lane = 0; lane < std::min(p.lanes, s.c - first); ++lane)
      means[lane] = float(sums[std::size_t(lane)] / p.pixels);
  }
}

void average_pool_backward(const Context& context, const Tensor& dy, const Tensor& x, const Tensor& dx) {
  const Shape s = dx.shape;
  check(context, dy, {s.n, s.c}, Layout::matrix, "dy");
  check(context, dx, s, Layout::activation, "dx");
  if (!x.empty()) check(context, x, s, Layout::activation, "x");
  const Pieces p = pieces(context, s, Layout::activation);
  const float* const from = data(context, dy);
  const float* const factors = x.empty() ? nullptr : data(context, x);
  float* const to = data(context, dx);
#pragma omp parallel for schedule(static)
  for (int piece = 0; piece < p.n * p.blocks; ++piece) {
    const int image = piece / p.blocks, first = piece % p.blocks * p.lanes;
    std::array<float, 16> shares{};  // 0 for padding
    for (int lane = 0; lane < std::min(p.lanes, s.c - first); ++lane)
      shares[std::size_t(lane)] =
          from[std::size_t(image) * std::size_t(s.c) + std::size_t(first + lane)] / float(p.pixels);
    for (std::size_t i = 0; i < p.piece(); ++i) {
      const std::size_t at = std::size_t(piece) * p.piece() + i;
      const float share = shares[i % std::size_t(p.lanes)];
      to[at] = factors ? factors[at] * share : share;
    }
  }
}

}  // namespace palimpsest::cpu
