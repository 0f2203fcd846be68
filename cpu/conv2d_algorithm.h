#pragma once
#include "ops/conv2d.h"

namespace palimpsest::cpu {

// Which algorithm runs a shape. A fixed table, because the choice changes the last bits of a result: Winograd F(4x4,
// 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016) where it was measured to be quicker,
// direct convolution elsewhere and without AVX-512, whose channel block is 16. Over a whole VGG16 at 224 a direct
// forward pass is off by 5e-7 in relative L1 against float64, Winograd's by 1e-6.
enum class Conv2dAlgorithm { direct, winograd };
enum class Conv2dPass { forward, backward_data, backward_weights };
Conv2dAlgorithm conv2d_algorithm(bool has_avx512, const Conv2dShape& shape, Conv2dPass pass);

}  // namespace palimpsest::cpu
