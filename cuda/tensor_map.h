#pragma once
#include <cuda.h>

#include <cstddef>

#include "cuda/language.h"

// Tensors in BF16 as the copies of warpgroup.h read them: the addresses and the shape, and the box of one copy, whose
// lines of at most 128 bytes arrive swizzled by 128 bytes. Kernels take a map as `const __grid_constant__ TensorMap`.
// Addresses and distances are multiples of 16 bytes. Throws Error if the driver refuses.
namespace palimpsest::PALIMPSEST_CUDA {

using TensorMap = CUtensorMap;

// Matrices of `lines` times `values`, and where each begins, in bytes after the one before.
struct Matrices {
  const void* data;
  std::size_t values, lines;
  std::size_t line_bytes;
  std::size_t planes = 1, plane_bytes = 0;  // with more than one plane
};
// A copy is box_values (at most 64) of box_lines (at most 256) lines, of one plane.
TensorMap tile_map(const Matrices& matrices, int box_values, int box_lines);

// A square convolution's view of pictures, in the order images, rows, pixels, channels: pixel (h, w) of its result
// reads the pixels (h - padding + tap_h, w - padding + tap_w) with taps below `taps`. So its base pixel for
// copy_pixels() is (h - padding, w - padding), and the bounding box has those of all results. For the gradient of
// the inputs the pictures are the gradients of the outputs, the padding taps - 1 - padding, and the tap mirrored.
struct Pictures {
  const void* data;
  int images, height, width, channels;
  std::size_t pixel_bytes;
  int taps, padding;
};
// A copy is box_channels (at most 64) of `pixels` (at most 1024) pixels.
TensorMap pixel_map(const Pictures& pictures, int box_channels, int pixels);

}  // namespace palimpsest::PALIMPSEST_CUDA
