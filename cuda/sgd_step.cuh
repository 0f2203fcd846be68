#pragma once
#include "cuda/conv2d_implicit_gemm.h"

// The step of ops/sgd.h on one value, for the kernels that read gradients and for the product that forms one.
namespace palimpsest::PALIMPSEST_CUDA {

// All exponent bits set: infinity or NaN.
__device__ __forceinline__ bool not_finite(float value) {
  return (__float_as_uint(value) & 0x7f800000U) == 0x7f800000U;
}

// With so much decay. False, and nothing changes, if the new value is not finite. That catches a w or g that is not
// finite too: 0 * inf is NaN.
__device__ __forceinline__ bool sgd_step(const SgdRates& r, bool momentum, float decay, float gradient, float& w,
                                         float& velocity) {
  const float change = r.scale * gradient + decay;
  const float v = momentum ? r.momentum * velocity + change : change;
  const float to = w - r.rate * v;
  if (not_finite(to)) return false;
  w = to;
  velocity = v;
  return true;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
