#pragma once
#include <cstddef>
#include <cstdint>

#include "emulator/libraries/gemm.h"

namespace palimpsest::libraries {

// Cross-correlation of NHWC images with KRSC filters: pixel (n, p, q) of y sees the patch of x that starts at row
// p * stride - pad and column q * stride - pad, r x s taps that are `dilation` apart, zero outside the image.
//   forward   y[n,p,q,k]  = sum_{r,s,c} x[n, p stride + r dilation - pad, q ..., c] w[k,r,s,c]
//   data      dx = the transpose of that map in x, applied to dy
//   filter    dw[k,r,s,c] = sum_{n,p,q} dy[n,p,q,k] patch[n,p,q][r,s,c]
struct Convolution {
  std::int64_t n = 0, c = 0, h = 0, w = 0;  // x
  std::int64_t k = 0, r = 0, s = 0;         // filter
  std::int64_t p = 0, q = 0;                // rows and columns of y
  std::int64_t pad[2] = {0, 0}, stride[2] = {1, 1}, dilation[2] = {1, 1};

  std::int64_t pixels() const { return n * p * q; }
  std::int64_t patch() const { return r * s * c; }
  std::size_t x_bytes() const { return std::size_t(n * h * w * c) * sizeof(float); }
  std::size_t y_bytes() const { return std::size_t(pixels() * k) * sizeof(float); }
  std::size_t w_bytes() const { return std::size_t(k * patch()) * sizeof(float); }
  // Space for the patches of the pixels multiplied at a time.
  std::size_t scratch_bytes() const;
};

// How a convolution is computed. Without `ordered` the parts of a sum are added in a different order in every call, as
// with atomics; the result is then not bitwise repeatable.
struct Method {
  Precision precision = Precision::float32;
  bool ordered = true;
  float* scratch = nullptr;  // scratch_bytes(), or null: allocated on the way
};

// result = alpha * operation + beta * result, without reading the result if beta is 0. Float32 sums, see gemm.h.
void forward(const Convolution& shape, const Method& method, float alpha, const float* x, const float* w, float beta,
             float* y);
void backward_data(const Convolution& shape, const Method& method, float alpha, const float* w, const float* dy,
                   float beta, float* dx);
void backward_filter(const Convolution& shape, const Method& method, float alpha, const float* x, const float* dy,
                     float beta, float* dw);

}  // namespace palimpsest::libraries
