#include "emulator/libraries/convolution.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

namespace palimpsest::libraries {
namespace {

constexpr std::int64_t kChunk = 256;  // pixels multiplied at a time

// Calls visit(tap offset within a patch, offset within x, or -1 outside the image) for every tap of one output pixel.
template <class Visit>
void for_each_tap(const Convolution& shape, std::int64_t pixel, const Visit& visit) {
  const std::int64_t q = pixel % shape.q, p = pixel / shape.q % shape.p, n = pixel / (shape.q * shape.p);
  for (std::int64_t r = 0; r < shape.r; ++r) {
    const std::int64_t row = p * shape.stride[0] + r * shape.dilation[0] - shape.pad[0];
    for (std::int64_t s = 0; s < shape.s; ++s) {
      const std::int64_t column = q * shape.stride[1] + s * shape.dilation[1] - shape.pad[1];
      const bool inside = row >= 0 && row < shape.h && column >= 0 && column < shape.w;
      visit((r * shape.s + s) * shape.c, inside ? ((n * shape.h + row) * shape.w + column) * shape.c : -1);
    }
  }
}

// One row of `patches` per pixel.
void gather(const Convolution& shape, const float* x, std::int64_t first, std::int64_t count, float* patches) {
  for (std::int64_t i = 0; i < count; ++i) {
    float* patch = patches + i * shape.patch();
    for_each_tap(shape, first + i, [&](std::int64_t tap, std::int64_t from) {
      if (from < 0) {
        std::fill_n(patch + tap, shape.c, 0.0f);
      } else {
        std::memcpy(patch + tap, x + from, std::size_t(shape.c) * sizeof(float));
      }
    });
  }
}

void scatter(const Convolution& shape, const float* patches, std::int64_t first, std::int64_t count, float* dx) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float* patch = patches + i * shape.patch();
    for_each_tap(shape, first + i, [&](std::int64_t tap, std::int64_t to) {
      if (to < 0) return;
      for (std::int64_t c = 0; c < shape.c; ++c) dx[to + c] += patch[tap + c];
    });
  }
}

// Runs step(first pixel, how many, scratch) over all pixels: from the first, or from one that differs in every call.
template <class Step>
void for_each_chunk(const Convolution& shape, const Method& method, const Step& step) {
  static std::atomic<std::int64_t> calls = 0;
  std::vector<float> own;
  if (!method.scratch) own.resize(shape.scratch_bytes() / sizeof(float));
  float* scratch = method.scratch ? method.scratch : own.data();
  const std::int64_t pixels = shape.pixels();
  const std::int64_t start = method.ordered ? 0 : (1 + calls++) * 7 % pixels;
  const auto run = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t first = begin; first < end; first += kChunk) step(first, std::min(kChunk, end - first), scratch);
  };
  run(start, pixels);
  run(0, start);
}

void scale(float* values, std::size_t bytes, float factor) {
  if (factor == 0.0f) {
    std::memset(values, 0, bytes);
  } else if (factor != 1.0f) {
    for (std::size_t i = 0; i < bytes / sizeof(float); ++i) values[i] *= factor;
  }
}

}  // namespace

std::size_t Convolution::scratch_bytes() const {
  return std::size_t(std::min(kChunk, pixels()) * patch()) * sizeof(float);
}

void forward(const Convolution& shape, const Method& method, float alpha, const float* x, const float* w, float beta,
             float* y) {
  const std::int64_t k = shape.k, patch = shape.patch();
  for_each_chunk(shape, method, [&](std::int64_t first, std::int64_t count, float* patches) {
    gather(shape, x, first, count, patches);
    multiply(count, k, patch, alpha, {patches, patch, 1}, {w, 1, patch}, beta, {y + first * k, k, 1}, method.precision);
  });
}

void backward_data(const Convolution& shape, const Method& method, float alpha, const float* w, const float* dy,
                   float beta, float* dx) {
  const std::int64_t k = shape.k, patch = shape.patch();
  scale(dx, shape.x_bytes(), beta);
  for_each_chunk(shape, method, [&](std::int64_t first, std::int64_t count, float* patches) {
    multiply(count, patch, k, alpha, {dy + first * k, k, 1}, {w, patch, 1}, 0.0f, {patches, patch, 1},
             method.precision);
    scatter(shape, patches, first, count, dx);
  });
}

void backward_filter(const Convolution& shape, const Method& method, float alpha, const float* x, const float* dy,
                     float beta, float* dw) {
  const std::int64_t k = shape.k, patch = shape.patch();
  scale(dw, shape.w_bytes(), beta);
  for_each_chunk(shape, method, [&](std::int64_t first, std::int64_t count, float* patches) {
    gather(shape, x, first, count, patches);
    multiply(k, patch, count, alpha, {dy + first * k, 1, k}, {patches, patch, 1}, 1.0f, {dw, patch, 1},
             method.precision);
  });
}

}  // namespace palimpsest::libraries
