#pragma once
#include <string>
#include <vector>

#include "cuda/conv2d_implicit_gemm.h"

// Plain loops in double over the layouts of cuda/conv2d_implicit_gemm.h, and inputs for them.
namespace palimpsest::PALIMPSEST_CUDA::reference {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

Doubles forward(const ImplicitGemmShape& s, const Floats& x, const Floats& w);  // without bias
Doubles backward_data(const ImplicitGemmShape& s, const Floats& dy, const Floats& w);
Doubles backward_weights(const ImplicitGemmShape& s, const Floats& x, const Floats& dy);
Doubles column_sums(const Floats& dy, int columns);

// g_t(x); `constant` has one value a channel.
Floats mapped(InputMap map, const Floats& x, const Floats& constant);
Floats absolute(Floats values);
// As tf32 (ties away from zero) and bf16 (ties to even) see a float.
Floats rounded(Precision precision, Floats values);

// A layer with its sizes before padding. Convolutions have 9 taps.
struct LayerCase {
  std::string name;
  ImplicitGemmShape shape;
  int inputs, outputs;  // what is behind them up to shape.inputs and shape.outputs is padding

  std::size_t x_count() const { return std::size_t(shape.pixels()) * std::size_t(shape.inputs); }
  std::size_t y_count() const { return std::size_t(shape.pixels()) * std::size_t(shape.outputs); }
  std::size_t w_count() const {
    return std::size_t(shape.outputs) * std::size_t(shape.taps) * std::size_t(shape.inputs);
  }
};
LayerCase convolution(int n, int c, int h, int w, int k);
LayerCase linear(int n, int inputs, int outputs);
// 1x1 pictures, one channel, batch 1, sizes that no tile divides, 3 channels, rows of odd length.
std::vector<LayerCase> layer_cases();

// Values of rows whose last `padding` lanes are zero: integers of [-3, 3], or reals of [-1, 1].
enum class Numbers { integers, reals };
struct Lanes {
  int used, all;
};
Floats values(std::size_t count, Lanes lanes, Numbers numbers, unsigned seed);
Floats input_values(const LayerCase& layer, Numbers numbers);     // x
Floats gradient_values(const LayerCase& layer, Numbers numbers);  // dy
Floats weight_values(const LayerCase& layer, Numbers numbers, unsigned seed = 2);
Floats bias_values(const LayerCase& layer, Numbers numbers, unsigned seed = 3);

}  // namespace palimpsest::PALIMPSEST_CUDA::reference
