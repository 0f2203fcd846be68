#pragma once
#include "cuda/divisor.h"
#include "cuda/gemm/tiles.cuh"

// Sources of the product's operands. A thread copies chunks of 16 bytes, neighbours in global memory: chunk i is in
// line `line(i)` of its tile, from `column()` on. Rows of BF16 are padded to whole chunks, with zeros.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

// A thread's chunks for one step of the sum. Chunk i begins at from + offset(i), if bit i of `lines` is set; `valid` of
// its values exist (more than a chunk as a chunk), and the others are zero. What does not exist may have any address.
template <class Element>
struct Run {
  __device__ Run(const Element* first, unsigned existing, int count) : from(first), lines(existing), valid(count) {
    // Without this nvcc adds each offset to the parts of `from`, in five instructions instead of one.
#if !PALIMPSEST_EMULATED && PALIMPSEST_ARCH > 0
    asm("" : "+l"(from));
#endif
  }
  const Element* from;
  unsigned lines;
  int valid;
};

// Pictures of pixels x channels, and the taps over them.
struct Pixels {
  Factor data;
  int count;  // images * height * width
  int height, width, channels;
  int taps;
  bool aligned;  // chunks are whole or absent
  Divisor by_width, by_height;
  std::int64_t shift[9];  // values from a pixel to the one that a tap points at
};

// Displacement of tap 0..8 of a 3x3 window, row by row; the only tap of a fully connected layer is none.
struct Tap {
  __host__ __device__ Tap(int tap, int taps) : dp(taps == 9 ? tap / 3 - 1 : 0), dq(taps == 9 ? tap % 3 - 1 : 0) {}
  int dp, dq;
};

// A position in the sum of a tile: `tap`, then channels from `first` on, then the relevance term.
struct Position {
  int tap, first, term;
};

// A thread's chunks of a tile.
template <class Tile, int THREADS>
struct ChunkMap {
  using Element = typename Tile::Element;
  static constexpr int kChunk = Tile::kUnit, kPerLine = Tile::kLength / kChunk;
  static_assert(Tile::kLength % kChunk == 0 && THREADS % kPerLine == 0, "a thread keeps its column");
  static constexpr int kLineStep = THREADS / kPerLine;
  static constexpr int kCount = (Tile::kLines + kLineStep - 1) / kLineStep;
  static constexpr bool kExact = Tile::kLines % kLineStep == 0;
  __device__ static int line(int i) { return int(threadIdx.x) / kPerLine + i * kLineStep; }
  __device__ static int column() { return int(threadIdx.x) % kPerLine * kChunk; }
  __device__ static bool exists(int i) { return kExact || line(i) < Tile::kLines; }
  __device__ static int offset(int i) { return Tile::moved(Tile::offset(line(0), column()), i * kLineStep, 0); }
};

// Offsets of the chunks in a matrix with `pitch` values between lines; check() has seen that 128 lines fit 32 bits.
template <class Map>
class Lines {
 public:
  using Element = typename Map::Element;
  __device__ explicit Lines(int pitch)
      : first_(unsigned(Map::line(0) * pitch + Map::column())), step_(unsigned(Map::kLineStep * pitch)) {}
  __device__ unsigned offset(int i) const { return first_ + unsigned(i) * step_; }

 protected:
  // The chunks among the first `count` lines.
  __device__ static unsigned first_lines(int count) {
    unsigned lines = 0;
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) lines |= unsigned(Map::exists(i) && Map::line(i) < count) << i;
    return lines;
  }

 private:
  unsigned first_, step_;
};

// Lines: output pixels, columns: channels of the pixel that the tap points at (forward; DIRECTION -1: backward data).
// Nine bits per line, computed once, say which taps are inside the picture.
template <class Map, int DIRECTION>
class PixelLines : public Lines<Map> {
 public:
  using typename Lines<Map>::Element;
  __device__ PixelLines(const Pixels& pixels, int first_row)
      : Lines<Map>(pixels.channels),
        pixels_(pixels),
        origin_(pixels.data.as<Element>() + std::size_t(first_row) * std::size_t(pixels.channels)) {
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) {
      const int pixel = first_row + Map::line(i);
      inside_[i] = Map::exists(i) && pixel < pixels.count && pixel >= 0 ? taps_inside(pixel) : 0U;
    }
  }
  __device__ bool aligned() const { return pixels_.aligned; }
  __device__ Run<Element> run(const Position& at) const {
    const int valid = pixels_.channels - at.first - Map::column();
    const unsigned tap = valid > 0 ? 1U << at.tap : 0U;
    unsigned lines = 0;
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) lines |= unsigned((inside_[i] & tap) != 0) << i;
    return {origin_ + DIRECTION * pixels_.shift[at.tap] + at.first, lines, valid};
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
  const Element* origin_;
  unsigned inside_[Map::kCount];
};

// Lines: output channels, columns: input channels under the position's tap (forward).
template <class Map>
class WeightLines : public Lines<Map> {
 public:
  using typename Lines<Map>::Element;
  __device__ WeightLines(const ImplicitGemmShape& shape, const Factor& weights, int first_row)
      : Lines<Map>(shape.taps * shape.inputs),
        shape_(shape),
        weights_(weights.as<Element>()),
        lines_(Lines<Map>::first_lines(shape.outputs - first_row)),
        first_(std::size_t(first_row) * std::size_t(shape.taps) * std::size_t(shape.inputs)) {}
  __device__ bool aligned() const { return shape_.inputs % 4 == 0; }
  __device__ Run<Element> run(const Position& at) const { return run_of(weights_, at); }
  __device__ Run<Element> run_of(const Element* weights, const Position& at) const {
    const int valid = shape_.inputs - at.first - Map::column();
    return {weights + first_ + at.tap * shape_.inputs + at.first, valid > 0 ? lines_ : 0U, valid};
  }

 private:
  const ImplicitGemmShape& shape_;
  const Element* weights_;
  unsigned lines_;
  std::size_t first_;
};

// Lines: output channels from the position on, columns: input channels (backward data). The weights of one output
// channel and tap are a run of `inputs` values, so they are read in place: a transposed copy would save nothing.
template <class Map>
class WeightColumns : public Lines<Map> {
 public:
  using typename Lines<Map>::Element;
  __device__ WeightColumns(const ImplicitGemmShape& shape, const Factor& weights, int first_column)
      : Lines<Map>(shape.taps * shape.inputs),
        shape_(shape),
        origin_(weights.as<Element>() + first_column),
        valid_(shape.inputs - first_column - Map::column()) {}
  __device__ bool aligned() const { return shape_.inputs % 4 == 0; }
  __device__ Run<Element> run(const Position& at) const {
    const std::int64_t row = std::int64_t{at.first} * shape_.taps + at.tap;
    return {origin_ + row * shape_.inputs, Lines<Map>::first_lines(valid_ > 0 ? shape_.outputs - at.first : 0), valid_};
  }

 private:
  const ImplicitGemmShape& shape_;
  const Element* origin_;
  int valid_;
};

// Lines: pixels from the position on, columns: channels (backward weights, the left operand).
template <class Map>
class GradientLines : public Lines<Map> {
 public:
  using typename Lines<Map>::Element;
  __device__ GradientLines(const Pixels& gradient, int first_column)
      : Lines<Map>(gradient.channels),
        gradient_(gradient),
        origin_(gradient.data.as<Element>() + first_column),
        valid_(gradient.channels - first_column - Map::column()) {}
  __device__ bool aligned() const { return gradient_.aligned; }
  __device__ Run<Element> run(const Position& at) const {
    return {origin_ + std::int64_t{at.first} * gradient_.channels,
            Lines<Map>::first_lines(valid_ > 0 ? gradient_.count - at.first : 0), valid_};
  }

 private:
  const Pixels& gradient_;
  const Element* origin_;
  int valid_;
};

// Lines: pixels from the position on, columns: tap and channel of the pixel that the tap points at (backward weights,
// the right operand). The thread's column, and with it its tap, never changes.
template <class Map>
class ShiftedPixelLines : public Lines<Map> {
 public:
  using typename Lines<Map>::Element;
  __device__ ShiftedPixelLines(const Pixels& pixels, int first_column) : Lines<Map>(pixels.channels), pixels_(pixels) {
    const int column = first_column + Map::column(), tap_index = column / pixels.channels;
    const Tap tap(tap_index, pixels.taps);
    dp_ = tap.dp, dq_ = tap.dq;
    valid_ = tap_index < pixels.taps ? (tap_index + 1) * pixels.channels - column : 0;
    // offset() counts from the thread's column of channels, this from the tap's first channel.
    origin_ = pixels.data.as<Element>() + pixels.shift[valid_ > 0 ? tap_index : 0] + first_column -
              tap_index * pixels.channels;
    by_step_q_ = Map::kLineStep % pixels.width;
    by_step_p_ = Map::kLineStep / pixels.width % pixels.height;
  }
  __device__ bool aligned() const { return pixels_.aligned; }
  __device__ Run<Element> run(const Position& at) const {
    return {origin_ + std::int64_t{at.first} * pixels_.channels, inside(at.first), valid_};
  }

 private:
  // From one of the thread's lines to the next the pixel moves by as many; no division is needed after the first.
  __device__ unsigned inside(int first) const {
    const int pixel = first + Map::line(0), row = pixels_.by_width.quotient(pixel);
    int q = pixel - row * pixels_.width + dq_, p = row - pixels_.by_height.quotient(row) * pixels_.height + dp_;
    unsigned lines = 0;
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) {
      const bool exists = Map::exists(i) && first + Map::line(i) < pixels_.count && valid_ > 0;
      lines |= unsigned(exists && unsigned(p) < unsigned(pixels_.height) && unsigned(q) < unsigned(pixels_.width)) << i;
      q += by_step_q_, p += by_step_p_;
      if (q >= pixels_.width + dq_) q -= pixels_.width, ++p;
      if (p >= pixels_.height + dp_) p -= pixels_.height;
    }
    return lines;
  }

  const Pixels& pixels_;
  const Element* origin_;
  int dp_, dq_, valid_, by_step_q_, by_step_p_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
