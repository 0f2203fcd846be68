#pragma once
#include "cuda/gemm/warpgroup_items.cuh"

// What the copying thread fetches for each step of a product. A factor's two sides: along the sum, and along the rows
// (left) or columns (right); kLeft and kRight say which of them has neighbours in memory.
//   copies(problem, share, maps, item)   from the item's first step on
//   fetch(barrier, left, right)     one step, of the right factor this block's share; then the next one
// kRowSums: whether the sums of the left factor's rows may be asked for.
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

// Slices of 64 of `depth` channels, then taps.
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

// copy_tile and copy_pixels, to all blocks of the cluster.
__device__ __forceinline__ void copy_share(const Share& share, void* to, const TensorMap& map, Barrier* barrier,
                                           int value, int line) {
  if (share.together == 1)
    copy_tile(to, map, barrier, value, line);
  else
    copy_tile_to(share.blocks(), to, map, barrier, value, line);
}
__device__ __forceinline__ void copy_share(const Share& share, void* to, const TensorMap& map, Barrier* barrier,
                                           int channel, int w, int h, int n, int tap_w, int tap_h) {
  if (share.together == 1)
    copy_pixels(to, map, barrier, channel, w, h, n, tap_w, tap_h);
  else
    copy_pixels_to(share.blocks(), to, map, barrier, channel, w, h, n, tap_w, tap_h);
}

// Rows: output pixels. Columns: output channels. Sum: taps, slices of the input channels. w as a matrix has the sum's
// terms in its lines.
struct Forward {
  static constexpr Along kLeft = Along::sum, kRight = Along::sum;
  static constexpr bool kRowSums = false;

  template <class Tile>
  class Copies {
   public:
    __device__ Copies(const Problem& problem, const Share& share, const Maps& maps, const Item<Tile>& item)
        : share_(share),
          maps_(maps),
          window_(problem, item.row),
          at_(problem.inputs, item.first),
          term_(item.first * kDepth),
          column_(item.column) {}
    __device__ __forceinline__ void fetch(Barrier* barrier, unsigned char* left, unsigned char* right) {
      copy_pixels(left, maps_.left, barrier, at_.channel, window_.w, window_.h, window_.image, at_.s, at_.r);
      copy_share(share_, right + share_.first(Tile::kRightBytes), maps_.right, barrier, term_,
                 column_ + share_.first(Tile::kColumns));
      at_.next();
      term_ += kDepth;
    }

   private:
    const Share& share_;
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
  static constexpr bool kRowSums = false;

  template <class Tile>
  class Copies {
   public:
    __device__ Copies(const Problem& problem, const Share& share, const Maps& maps, const Item<Tile>& item)
        : share_(share),
          maps_(maps),
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
        copy_share(share_, right + box * kBoxBytes + share_.first(kBoxBytes), maps_.right, barrier, first + box * kLine,
                   at_.channel + share_.first(kDepth));
      at_.next();
    }

   private:
    const Share& share_;
    const Maps& maps_;
    const Window window_;
    Slices at_;
    int inputs_, last_, column_;
  };
};

// Rows: output channels. Columns: taps, input channels; 64 of them are of one tap. Sum: pixels. Of both factors the
// side lies along memory. The sums of the rows are the gradient of the bias.
struct BackwardWeights {
  static constexpr Along kLeft = Along::side, kRight = Along::side;
  static constexpr bool kRowSums = true;

  template <class Tile>
  class Copies {
   public:
    __device__ Copies(const Problem& problem, const Share& share, const Maps& maps, const Item<Tile>& item)
        : problem_(problem),
          share_(share),
          maps_(maps),
          columns_(problem.inputs, item.column / kLine),
          row_(item.row),
          pixel_(item.first * kDepth) {}
    __device__ __forceinline__ void fetch(Barrier* barrier, unsigned char* left, unsigned char* right) {
#pragma unroll
      for (int box = 0; box < kRows / kLine; ++box)
        copy_tile(left + box * kBoxBytes, maps_.left, barrier, row_ + box * kLine, pixel_);
      const Window window(problem_, pixel_ + share_.first(kDepth));
      Slices at = columns_;
#pragma unroll 1
      for (int box = 0; box < Tile::kColumns / kLine; ++box, at.next())
        copy_share(share_, right + box * kBoxBytes + share_.first(kBoxBytes), maps_.right, barrier, at.channel,
                   window.w, window.h, window.image, at.s, at.r);
      pixel_ += kDepth;
    }

   private:
    const Problem& problem_;
    const Share& share_;
    const Maps& maps_;
    const Slices columns_;
    int row_, pixel_;
  };
};

}  // namespace palimpsest::PALIMPSEST_CUDA::hopper
