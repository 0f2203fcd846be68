#pragma once
#include "ops/algorithm_table.h"
#include "ops/layer.h"

namespace palimpsest::cpu {

// Direct convolution, or Winograd F(4x4, 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural networks",
// 2016), about three times as fast and four times as coarse: over a whole VGG16 at 224 a forward pass is off by 5e-7
// in relative L1 against float64, Winograd's by 1e-6.
enum class Conv2dAlgorithm { direct, winograd };

// The fixed rule that holds where the table says nothing. Winograd where it was measured to be quicker, direct
// elsewhere and without AVX-512, whose channel block is 16.
//
// One or two images go forward directly: such a batch is one that somebody compares with another framework, and what
// differs in a forward pass decides which ReLUs and max-pools that are all but tied fall which way, each of which
// changes the gradients below it. Larger batches train, and there those ties fall either way in any float32 program.
Conv2dAlgorithm conv2d_rule(bool has_avx512, const LayerShape& shape, LayerPass pass);

// As the table says, else by the rule. Throws Error when the table names an algorithm that is not there.
Conv2dAlgorithm conv2d_algorithm(const AlgorithmTable& table, bool has_avx512, const LayerShape& shape, LayerPass pass);

}  // namespace palimpsest::cpu
