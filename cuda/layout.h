#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Between the canonical order (NCHW, OIHW, row major) and the GPU's (NHWC, KRSC, padded), for all values or a range of
// them in canonical order. from_canonical does not write padding; clear_padding does. All pointers are device memory.
void from_canonical(const Context& context, const Tensor& to, std::size_t begin, std::size_t count,
                    const float* values);
void to_canonical(const Context& context, const Tensor& from, std::size_t begin, std::size_t count, float* values);
void clear_padding(const Context& context, const Tensor& tensor);

// Host memory, canonical order.
void upload(Context& context, const Tensor& to, const float* values);
void download(Context& context, const Tensor& from, float* values);

// Same count of values. Activation to matrix and back flattens c, h, w.
void copy(const Context& context, const Tensor& from, const Tensor& to);

// Every logical value; padding stays zero.
void fill(const Context& context, const Tensor& tensor, float value);

}  // namespace palimpsest::PALIMPSEST_CUDA
