#pragma once
#include "ops/device.h"

namespace palimpsest {

// A tensor whose every lane, padding too, holds NaN, and behind which lies a guard of known values. It lies at the
// start of a storage that is larger: one more image (row, output channel) than it has, so the guard is what follows it
// in any layout whose outermost dimension is the first.
struct Guarded {
  Tensor tensor;
  Tensor whole;
};
Guarded make_guarded(Device& device, const Shape& shape, Layout layout);

// Number of guard values that were overwritten.
int broken_guards(Device& device, const Guarded& guarded);

}  // namespace palimpsest
