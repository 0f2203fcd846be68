#pragma once
#include "ops/algorithm_table.h"
#include "ops/layer.h"

namespace palimpsest::cpu {

// Direct convolution, or Winograd F(4x4, 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural networks",
// 2016), about three times as fast and four times as coarse: over a whole VGG16 at 224 a forward pass is off by 5e-7
// in relative L1 against float64, Winograd's by 1e-6.
enum class Conv2dAlgorithm { direct, winograd };

// The fixed rule for shapes without a table entry. Winograd where it was measured to be faster, otherwise direct, as
// without AVX-512, whose channel block is 16.
//
// One or two images run forward with direct convolution: such batches are used for comparisons with other frameworks,
// and rounding differences decide near-ties of ReLUs and max-pools, each of which changes the gradients below it.
// Larger batches are for training, where near-ties depend on rounding in any float32 program.
Conv2dAlgorithm conv2d_rule(bool has_avx512, const LayerShape& shape, LayerPass pass);

// From the table, else by the rule. Throws Error when the table names an unknown algorithm.
Conv2dAlgorithm conv2d_algorithm(const AlgorithmTable& table, bool has_avx512, const LayerShape& shape, LayerPass pass);

}  // namespace palimpsest::cpu
