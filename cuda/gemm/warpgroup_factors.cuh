#pragma once
#include "cuda/gemm/warpgroup_tiles.cuh"
#include "cuda/warpgroup.h"

// What the copying thread fetches for each step of a product. A factor's two sides: along the sum, and along the rows
// (left) or columns (right); kLeft and kRight say which of them has neighbours in memory.
//   copies(problem, maps, item)     from the item's first step on
//   fetch(barrier, left, right)     one step, all of its bytes; then the next one
namespace palimpsest::PALIMPSEST_CUDA::hopper {

// The pixel that the first tap of pixel `index` points at: where its window begins.
struct Window {
  __device__ Window(const Problem& problem, int index) {
    const int row = problem.by_width.quotient(index), border = problem.taps == 9 ? 1 : 0;
    image = problem.by_height.quotient(row);
    w = index - row * problem.width - border;
    h = row - image * problem.height - border;
  }
  int image, h, w;
};

// Steps along taps and then slices of `depth` channels.
struct Slices {
  __device__ Slices(int depth, int step) : depth_(depth) {
    const int slices = depth / kDepth, tap = step / slices;
    channel = step % slices * kDepth;
    r = tap / 3, s = tap % 3;
  }
  __device__ void next() {
    channel += kDepth;
    if (channel < depth_) return;
    channel = 0;
    if (++s == 3) s = 0, ++r;
  }
  int channel, r, s;

 private:
  int depth_;
};

// Rows: output pixels. Columns: output channels. Sum: taps, slices of the input channels. w as a matrix has the sum's
// terms in its lines.
struct Forward {
  static constexpr Along kLeft = Along::sum, kRight = Along::sum;

  template <class Tile>
  class Copies {
   public:
    __device__ Copies(const Problem& problem, const Maps& maps, const Item<Tile>& item)
        : maps_(maps),
          window_(problem, item.row),
          at_(problem.inputs, item.first),
          term_(item.first * kDepth),
          column_(item.column) {}
    __device__ __forceinline__ void fetch(Barrier* barrier, unsigned char* left, unsigned char* right) {
      copy_pixels(left, maps_.left, barrier, at_.channel, window_.w, window_.h, window_.image, at_.s, at_.r);
      copy_tile(right, maps_.right, barrier, term_, column_);
      at_.next();
      term_ += kDepth;
    }

   private:
    const Maps& maps_;
    const Window window_;
    Slices at_;
    int term_, column_;
  };
};

// Rows: input pixels. Columns: input channels. Sum: taps, slices of the output channels. The pixel that a tap is taken
// from is the opposite one's; w is read in place, where the columns are neighbours.
struct BackwardData {
  static constexpr Along kLeft = Along::sum, kRight = Along::side;

  template <class Tile>
  class Copies {
   public:
    __device__ Copies(const Problem& problem, const Maps& maps, const Item<Tile>& item)
        : maps_(maps),
          window_(problem, item.row),
          at_(problem.outputs, item.first),
          inputs_(problem.inputs),
          last_(problem.taps == 9 ? 2 : 0),
          column_(item.column) {}
    __device__ __forceinline__ void fetch(Barrier* barrier, unsigned char* left, unsigned char* right) {
      copy_pixels(left, maps_.left, barrier, at_.channel, window_.w, window_.h, window_.image, last_ - at_.s,
                  last_ - at_.r);
      const int first = (3 * at_.r + at_.s) * inputs_ + column_;
#pragma unroll
      for (int box = 0; box < Tile::kColumns / kLine; ++box)
        copy_tile(right + box * kBoxBytes, maps_.right, barrier, first + box * kLine, at_.channel);
      at_.next();
    }

   private:
    const Maps& maps_;
    const Window window_;
    Slices at_;
    int inputs_, last_, column_;
  };
};

// Rows: output channels. Columns: input channels of one tap. Sum: pixels. Of both factors the side lies along memory.
struct BackwardWeights {
  static constexpr Along kLeft = Along::side, kRight = Along::side;

  template <class Tile>
  class Copies {
   public:
    __device__ Copies(const Problem& problem, const Maps& maps, const Item<Tile>& item)
        : problem_(problem), maps_(maps), row_(item.row), pixel_(item.first * kDepth) {
      const int tap = item.column / problem.inputs;
      channel_ = item.column - tap * problem.inputs;
      r_ = tap / 3, s_ = tap % 3;
    }
    __device__ __forceinline__ void fetch(Barrier* barrier, unsigned char* left, unsigned char* right) {
#pragma unroll
      for (int box = 0; box < kRows / kLine; ++box)
        copy_tile(left + box * kBoxBytes, maps_.left, barrier, row_ + box * kLine, pixel_);
      const Window window(problem_, pixel_);
#pragma unroll
      for (int box = 0; box < Tile::kColumns / kLine; ++box)
        copy_pixels(right + box * kBoxBytes, maps_.right, barrier, channel_ + box * kLine, window.w, window.h,
                    window.image, s_, r_);
      pixel_ += kDepth;
    }

   private:
    const Problem& problem_;
    const Maps& maps_;
    int row_, pixel_, channel_, r_, s_;
  };
};

}  // namespace palimpsest::PALIMPSEST_CUDA::hopper
