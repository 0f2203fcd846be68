#pragma once
#include "cuda/divisor.h"
#include "cuda/gemm/tiles.cuh"

// Sources of the product's operands: each source gives the four consecutive values of global memory for a position of
// its tile. "Chunk i of this thread" is at line `line + i * line_step`, from `column` on.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

struct Chunk {
  const float* from;  // always a readable address
  int valid;  // how many of its values exist, starting with the first; <= 0: none, > 4 as 4. The others are zero
};

// Pictures of pixels x channels, and the taps over them.
struct Pixels {
  const float* data;
  int count;  // images * height * width
  int height, width, channels;
  int taps;
  bool aligned;  // channels are a multiple of 4: chunks are whole or absent
  Divisor by_width, by_height;
};

// Displacement of tap 0..8 of a 3x3 window, row by row; the only tap of a fully connected layer is none.
struct Tap {
  __device__ Tap(int tap, int taps) : dp(taps == 9 ? tap / 3 - 1 : 0), dq(taps == 9 ? tap % 3 - 1 : 0) {}
  int dp, dq;
};

// A position in the sum of a tile: `tap`, then channels from `first` on, then the relevance term.
struct Position {
  int tap, first, term;
};

// A thread's four-value chunks of a tile.
template <class Tile, int THREADS>
struct ChunkMap {
  static constexpr int kPerLine = Tile::kLength / 4;
  static_assert(Tile::kLength % 4 == 0 && THREADS % kPerLine == 0, "a thread keeps its column");
  static constexpr int kLineStep = THREADS / kPerLine;
  static constexpr int kCount = (Tile::kLines + kLineStep - 1) / kLineStep;
  static constexpr bool kExact = Tile::kLines % kLineStep == 0;
  __device__ static int line(int i) { return int(threadIdx.x) / kPerLine + i * kLineStep; }
  __device__ static int column() { return int(threadIdx.x) % kPerLine * 4; }
  __device__ static bool exists(int i) { return kExact || line(i) < Tile::kLines; }
  __device__ static int offset(int i) { return Tile::moved(Tile::offset(line(0), column()), i * kLineStep, 0); }
};

// Lines: output pixels, columns: channels of the pixel that the tap points at (forward; DIRECTION -1: backward data).
// Nine bits per line, computed once, say which taps are inside the picture.
template <class Map, int DIRECTION>
class PixelLines {
 public:
  __device__ PixelLines(const Pixels& pixels, int first_row) : pixels_(pixels) {
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) {
      const int pixel = first_row + Map::line(i);
      pixel_[i] = pixel;
      inside_[i] = Map::exists(i) && pixel < pixels.count && pixel >= 0 ? taps_inside(pixel) : 0U;
    }
  }
  __device__ bool aligned() const { return pixels_.aligned; }
  __device__ Chunk chunk(int i, const Position& at) const { return chunk_of(i, at, nullptr); }

  // With `constant`: its values instead of the pixel's, inside the picture.
  __device__ Chunk chunk_of(int i, const Position& at, const float* constant) const {
    const int column = at.first + Map::column();
    const bool inside = (inside_[i] >> at.tap & 1U) != 0 && column < pixels_.channels;
    if (!inside) return {pixels_.data, 0};
    const int valid = pixels_.channels - column;
    if (constant) return {constant + column, valid};
    const Tap tap(at.tap, pixels_.taps);
    const int pixel = pixel_[i] + DIRECTION * (tap.dp * pixels_.width + tap.dq);
    return {pixels_.data + std::size_t(pixel) * std::size_t(pixels_.channels) + column, valid};
  }

 private:
  __device__ unsigned taps_inside(int pixel) const {
    if (pixels_.taps == 1) return 1U;
    const int row = pixels_.by_width.quotient(pixel);
    const int q = pixel - row * pixels_.width, p = row - pixels_.by_height.quotient(row) * pixels_.height;
    unsigned inside = 0;
#pragma unroll
    for (int t = 0; t < 9; ++t) {
      const int pt = p + DIRECTION * (t / 3 - 1), qt = q + DIRECTION * (t % 3 - 1);
      inside |= unsigned(pt >= 0 && pt < pixels_.height && qt >= 0 && qt < pixels_.width) << t;
    }
    return inside;
  }

  const Pixels& pixels_;
  int pixel_[Map::kCount];
  unsigned inside_[Map::kCount];
};

// Lines: output channels, columns: input channels under the position's tap (forward).
template <class Map>
class WeightLines {
 public:
  __device__ WeightLines(const ImplicitGemmShape& shape, const float* weights, int first_row)
      : shape_(shape), weights_(weights), first_row_(first_row) {}
  __device__ void use(const float* weights) { weights_ = weights; }
  __device__ bool aligned() const { return shape_.inputs % 4 == 0; }
  __device__ Chunk chunk(int i, const Position& at) const {
    const int output = first_row_ + Map::line(i), column = at.first + Map::column();
    if (output >= shape_.outputs || column >= shape_.inputs) return {weights_, 0};
    return {weights_ +
                (std::size_t(output) * std::size_t(shape_.taps) + std::size_t(at.tap)) * std::size_t(shape_.inputs) +
                column,
            shape_.inputs - column};
  }

 private:
  const ImplicitGemmShape& shape_;
  const float* weights_;
  int first_row_;
};

// Lines: output channels from the position on, columns: input channels (backward data). The weights of one output
// channel and tap are a run of `inputs` values, so they are read in place: a transposed copy would save nothing.
template <class Map>
class WeightColumns {
 public:
  __device__ WeightColumns(const ImplicitGemmShape& shape, const float* weights, int first_column)
      : shape_(shape), weights_(weights), column_(first_column + Map::column()) {}
  __device__ bool aligned() const { return shape_.inputs % 4 == 0; }
  __device__ Chunk chunk(int i, const Position& at) const {
    const int output = at.first + Map::line(i);
    if (output >= shape_.outputs || column_ >= shape_.inputs) return {weights_, 0};
    return {weights_ +
                (std::size_t(output) * std::size_t(shape_.taps) + std::size_t(at.tap)) * std::size_t(shape_.inputs) +
                column_,
            shape_.inputs - column_};
  }

 private:
  const ImplicitGemmShape& shape_;
  const float* weights_;
  int column_;
};

// Lines: pixels from the position on, columns: channels (backward weights, the left operand).
template <class Map>
class GradientLines {
 public:
  __device__ GradientLines(const Pixels& gradient, int first_column)
      : gradient_(gradient), column_(first_column + Map::column()) {}
  __device__ bool aligned() const { return gradient_.aligned; }
  __device__ Chunk chunk(int i, const Position& at) const {
    const int pixel = at.first + Map::line(i);
    if (pixel >= gradient_.count || column_ >= gradient_.channels) return {gradient_.data, 0};
    return {gradient_.data + std::size_t(pixel) * std::size_t(gradient_.channels) + column_,
            gradient_.channels - column_};
  }

 private:
  const Pixels& gradient_;
  int column_;
};

// Lines: pixels from the position on, columns: tap and channel of the pixel that the tap points at (backward weights,
// the right operand). The thread's column, and with it its tap, never changes.
template <class Map>
class ShiftedPixelLines {
 public:
  __device__ ShiftedPixelLines(const Pixels& pixels, int first_column)
      : pixels_(pixels),
        exists_(first_column + Map::column() < pixels.taps * pixels.channels),
        tap_index_((first_column + Map::column()) / pixels.channels),
        channel_(first_column + Map::column() - tap_index_ * pixels.channels) {}
  __device__ bool aligned() const { return pixels_.aligned; }
  __device__ Chunk chunk(int i, const Position& at) const {
    const int pixel = at.first + Map::line(i);
    if (pixel >= pixels_.count || !exists_) return {pixels_.data, 0};
    const Tap tap(tap_index_, pixels_.taps);
    if (pixels_.taps != 1) {
      const int row = pixels_.by_width.quotient(pixel);
      const int q = pixel - row * pixels_.width + tap.dq;
      const int p = row - pixels_.by_height.quotient(row) * pixels_.height + tap.dp;
      if (p < 0 || p >= pixels_.height || q < 0 || q >= pixels_.width) return {pixels_.data, 0};
    }
    const int shifted = pixel + tap.dp * pixels_.width + tap.dq;
    return {pixels_.data + std::size_t(shifted) * std::size_t(pixels_.channels) + channel_,
            pixels_.channels - channel_};
  }

 private:
  const Pixels& pixels_;
  bool exists_;
  int tap_index_, channel_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
