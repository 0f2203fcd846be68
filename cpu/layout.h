#pragma once
#include "cpu/context.h"

namespace palimpsest::cpu {

// Between the canonical order (NCHW, OIHW, row major) and the device's blocked one. Padding lanes are written as zeros.
void from_canonical(const Context& context, const Tensor& to, const float* values);
void to_canonical(const Context& context, const Tensor& from, float* values);
void clear_padding(const Context& context, const Tensor& tensor);  // sets padding lanes to zero again

}  // namespace palimpsest::cpu
