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
        : maps_(maps), window_(problem, item.row), at_(problem.inputs, item.first), term_(item.first * kDepth),
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

}  // namespace palimpsest::PALIMPSEST_CUDA::hopper
