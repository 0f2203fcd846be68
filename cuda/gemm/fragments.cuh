#pragma once
#include "cuda/gemm/epilogues.cuh"
#include "cuda/gemm/staging.cuh"

// An operand's fragments (cuda/tensor_core.h), read from a tile of shared memory.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

template <class Element>
inline constexpr int kFragmentDepth = 32 / int(sizeof(Element));  // terms of the sum: 8 TF32, 16 BF16

#if PALIMPSEST_ARCH >= 800

template <class Element>
__device__ __forceinline__ void multiply_add(float (&sum)[4], const unsigned (&upper)[2], const unsigned (&lower)[2],
                                             const unsigned (&right)[2]) {
  if constexpr (sizeof(Element) == 2)
    mma_bf16(sum, upper, lower, right);
  else
    mma_tf32(sum, upper, lower, right);
}

// BLOCKS blocks of eight of a warp's rows or columns, which are the `outer` indices of the tile from `first` on. Index
// i of a block is any of them, as long as both ends agree: outer().
// LEFT: of the left operand, whose registers are (upper, lower) of each half of the sum; of the right one, both halves.
template <class Tile, int BLOCKS, bool LEFT>
class Fragments {
 public:
  using Element = typename Tile::Element;

  __device__ explicit Fragments(int first) {
    const int lane = int(threadIdx.x) % 32, one = lane / 8 % 2, two = lane / 16;
    const int block = LEFT ? one : two, half = LEFT ? two : one;  // of the matrix that the lane names a row of
    if constexpr (kByDepth)
      at_ = Tile::offset(first + 8 * block + lane % 8, half * Tile::kUnit);
    else if constexpr (kTransposed)
      at_ = Tile::offset(8 * half + lane % 8, first + 8 * block);
    else
      at_ = Tile::offset(lane % 4, first + lane / 4 * kTogether);
  }

  // Terms k to k + kFragmentDepth of the sum: of each block both registers of a factor.
  __device__ __forceinline__ void read(const Element* tile, int k, unsigned (&values)[BLOCKS][2]) const {
    if constexpr (kByDepth || kTransposed) {
#pragma unroll
      for (int block = 0; block < BLOCKS; block += 2) {
        unsigned both[4];
        if constexpr (kByDepth)
          load_matrices(both, tile + Tile::moved(at_, 8 * block, k));
        else
          load_matrices_transposed(both, tile + Tile::moved(at_, k, 8 * block));
#pragma unroll
        for (int e = 0; e < 4; ++e) values[block + (LEFT ? e % 2 : e / 2)][LEFT ? e / 2 : e % 2] = both[e];
      }
    } else {
#pragma unroll
      for (int half = 0; half < 2; ++half)
#pragma unroll
        for (int block = 0; block < BLOCKS; block += kTogether) {
          const Results<kTogether> found = read_results<kTogether>(tile + Tile::moved(at_, k + 4 * half, 8 * block));
#pragma unroll
          for (int i = 0; i < kTogether; ++i) values[block + i][half] = __float_as_uint(found.value[i]);
        }
    }
    if constexpr (sizeof(Element) == 4)
#pragma unroll
      for (auto& block : values)
#pragma unroll
        for (unsigned& value : block) value = to_tf32(__uint_as_float(value));
  }

  __device__ static constexpr int outer(int block, int index) {
    return block / kTogether * 8 * kTogether + index * kTogether + block % kTogether;
  }

 private:
  static constexpr bool kByDepth = Tile::kOrder == Contiguous::depth, kTransposed = !kByDepth && sizeof(Element) == 2;
  // Blocks of which a lane reads neighbours together: into the adjacent registers of the upper and the lower rows.
  static constexpr int kTogether = kByDepth || kTransposed || !LEFT ? 1 : 2;
  static_assert(BLOCKS % 2 == 0);

  int at_;
};

#endif

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
