#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/tensor_file.h"

// Batch normalisation at inference, folded into the layers beside it.
namespace palimpsest::nn {

// By the names of its tensors in a file; no weight or bias: without a scale or a shift.
struct BatchNormalisation {
  std::string layer, weight, bias, mean, variance;
  double epsilon = 1e-5;  // torch.nn.BatchNorm1d's and 2d's
};

// y = scale x + shift, for each channel, or for all alike if there is only one of each.
struct Affine {
  std::vector<double> scale{1}, shift{0};
};
//   scale = weight / sqrt(variance + epsilon),   shift = bias - mean scale
// Throws Error naming the file for a tensor without as many values as there are channels, or a negative variance.
Affine affine_of(const TensorFile& file, const BatchNormalisation& normalisation, std::size_t channels);

// A layer's weight (outputs, inputs) after `in` was applied to its input and `out` to its output. The inputs of one
// channel follow one another.
void fold(std::vector<float>& weight, std::size_t outputs, const Affine& in, const Affine& out);
// The bias of such a layer, of `outputs` values; `weight` is the one before it was folded.
void fold_bias(std::vector<float>& bias, const std::vector<float>& weight, const Affine& in, const Affine& out);

}  // namespace palimpsest::nn
