#pragma once
#include "ops/device.h"

namespace palimpsest {

// A tensor whose every lane, padding too, holds NaN, followed by a guard of known values. It is at the start of a
// larger storage, with one more image (row, output channel), so the guard follows it in any layout whose outermost
// dimension is the first.
struct Guarded {
  Tensor tensor;
  Tensor whole;
};
Guarded make_guarded(Device& device, const Shape& shape, Layout layout);

// Number of guard values that were overwritten.
int broken_guards(Device& device, const Guarded& guarded);

}  // namespace palimpsest
