#pragma once
#include "cuda/context.h"
#include "cuda/conv2d_implicit_gemm.h"

namespace palimpsest::PALIMPSEST_CUDA {

// to[m, i] = sign * g(x[m, i]) of a relevance term, m over `rows` rows of `lanes` values. With InputMap::constant x is
// not read. Padding lanes stay zero.
void map_inputs(const Context& context, std::size_t rows, int lanes, const TermPointers& term, const float* x,
                float* to);

}  // namespace palimpsest::PALIMPSEST_CUDA
