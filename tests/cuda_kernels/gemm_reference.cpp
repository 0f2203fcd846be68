#include "tests/cuda_kernels/gemm_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/random.h"

namespace palimpsest::PALIMPSEST_CUDA::reference {

namespace {

// visit(y, x, w): offsets of one product y += x w, or of its transposes.
template <class Visit>
void for_each_product(const ImplicitGemmShape& s, const Visit& visit) {
  const int side = s.taps == 9 ? 3 : 1, middle = side / 2;
  const auto at = [&](int n, int p, int q) {
    return (std::size_t(n) * std::size_t(s.height) + std::size_t(p)) * std::size_t(s.width) + std::size_t(q);
  };
  for (int n = 0; n < s.images; ++n)
    for (int p = 0; p < s.height; ++p)
      for (int q = 0; q < s.width; ++q)
        for (int r = 0; r < side; ++r)
          for (int c = 0; c < side; ++c) {
            const int i = p + r - middle, j = q + c - middle;
            if (i < 0 || i >= s.height || j < 0 || j >= s.width) continue;
            const std::size_t y = at(n, p, q) * std::size_t(s.outputs), x = at(n, i, j) * std::size_t(s.inputs);
            for (std::size_t o = 0; o < std::size_t(s.outputs); ++o) {
              const std::size_t w = (o * std::size_t(s.taps) + std::size_t(r * side + c)) * std::size_t(s.inputs);
              for (std::size_t k = 0; k < std::size_t(s.inputs); ++k) visit(y + o, x + k, w + k);
            }
          }
}

std::size_t size(const ImplicitGemmShape& s, int channels) {
  return std::size_t(s.pixels()) * std::size_t(channels);
}

float round_one(Precision precision, float value) {
  if (precision == Precision::fp32) return value;
  auto bits = std::bit_cast<std::uint32_t>(value);
  if (precision == Precision::tf32)
    bits = (bits + 0x1000U) & ~0x1fffU;
  else
    bits = (bits + 0x7fffU + (bits >> 16 & 1U)) & ~0xffffU;
  return std::bit_cast<float>(bits);
}

}  // namespace

Doubles forward(const ImplicitGemmShape& s, const Floats& x, const Floats& w) {
  Doubles y(size(s, s.outputs), 0.0);
  for_each_product(s, [&](std::size_t o, std::size_t i, std::size_t k) { y[o] += double(x[i]) * double(w[k]); });
  return y;
}

Doubles backward_data(const ImplicitGemmShape& s, const Floats& dy, const Floats& w) {
  Doubles dx(size(s, s.inputs), 0.0);
  for_each_product(s, [&](std::size_t o, std::size_t i, std::size_t k) { dx[i] += double(dy[o]) * double(w[k]); });
  return dx;
}

Doubles backward_weights(const ImplicitGemmShape& s, const Floats& x, const Floats& dy) {
  Doubles dw(std::size_t(s.outputs) * std::size_t(s.taps) * std::size_t(s.inputs), 0.0);
  for_each_product(s, [&](std::size_t o, std::size_t i, std::size_t k) { dw[k] += double(dy[o]) * double(x[i]); });
  return dw;
}

Doubles column_sums(const Floats& dy, int columns) {
  Doubles sums(std::size_t(columns), 0.0);
  for (std::size_t i = 0; i < dy.size(); ++i) sums[i % std::size_t(columns)] += double(dy[i]);
  return sums;
}

Floats mapped(InputMap map, const Floats& x, const Floats& constant) {
  Floats g = x;
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (map == InputMap::positive) g[i] = std::max(x[i], 0.0F);
    if (map == InputMap::negative) g[i] = std::min(x[i], 0.0F);
    if (map == InputMap::constant) g[i] = constant[i % constant.size()];
  }
  return g;
}

Floats absolute(Floats values) {
  for (float& v : values) v = std::abs(v);
  return values;
}

Floats rounded(Precision precision, Floats values) {
  for (float& v : values) v = round_one(precision, v);
  return values;
}

LayerCase convolution(int n, int c, int h, int w, int k) {
  return {fmt::format("conv n{} c{} h{} w{} k{}", n, c, h, w, k), gemm_shape(Conv2dShape{n, c, h, w, k}), c, k};
}

LayerCase linear(int n, int inputs, int outputs) {
  return {fmt::format("linear n{} i{} o{}", n, inputs, outputs), gemm_shape(LinearShape{n, inputs, outputs}), inputs,
          outputs};
}

std::vector<LayerCase> layer_cases() {
  return {
      convolution(1, 1, 1, 1, 1),
      convolution(1, 1, 3, 3, 1),
      convolution(2, 3, 7, 5, 17),
      convolution(3, 5, 1, 9, 4),
      convolution(1, 17, 2, 2, 33),
      convolution(1, 40, 6, 7, 70),
      convolution(1, 3, 12, 13, 8),
      linear(1, 1, 1),
      linear(3, 5, 7),
      linear(4, 33, 10),
      linear(2, 260, 36),
      linear(37, 20, 71),
  };
}

Floats values(std::size_t count, Lanes lanes, Numbers numbers, unsigned seed) {
  Random random(seed, Purpose::test);
  Floats all(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double one = numbers == Numbers::integers ? double(random.below(7)) - 3 : random.uniform(-1, 1);
    all[i] = i % std::size_t(lanes.all) < std::size_t(lanes.used) ? float(one) : 0.0F;
  }
  return all;
}

Floats input_values(const LayerCase& layer, Numbers numbers) {
  return values(layer.x_count(), {layer.inputs, layer.shape.inputs}, numbers, 1);
}

Floats gradient_values(const LayerCase& layer, Numbers numbers) {
  return values(layer.y_count(), {layer.outputs, layer.shape.outputs}, numbers, 4);
}

Floats weight_values(const LayerCase& layer, Numbers numbers, unsigned seed) {
  Floats w = values(layer.w_count(), {layer.inputs, layer.shape.inputs}, numbers, seed);
  const std::size_t used = std::size_t(layer.outputs) * std::size_t(layer.shape.taps) * std::size_t(layer.shape.inputs);
  std::fill(w.begin() + std::ptrdiff_t(used), w.end(), 0.0F);
  return w;
}

Floats bias_values(const LayerCase& layer, Numbers numbers, unsigned seed) {
  return values(std::size_t(layer.shape.outputs), {layer.outputs, layer.shape.outputs}, numbers, seed);
}

}  // namespace palimpsest::PALIMPSEST_CUDA::reference
