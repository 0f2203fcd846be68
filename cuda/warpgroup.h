#pragma once
#include <cstdint>

#include "cuda/language.h"
#include "cuda/tensor_core.h"
#include "cuda/tensor_map.h"
#if PALIMPSEST_EMULATED
#include "simt/warpgroup.h"
#endif

// Hopper's asynchronous copies and products by PTX instructions (PTX ISA, "Asynchronous warpgroup level matrix
// instructions", "cp.async.bulk.tensor" and "mbarrier"), for compute capability 9.0a only: kHasWarpgroups says whether
// device code is compiled for it. Elsewhere a kernel's body must be discarded by it.
//
// Barriers, in shared memory. Their phases are numbered from 0; a phase is complete when its arrivals and bytes are in.
//   init_barrier(b, arrivals)      by one thread, which then calls fence_barriers(); others after a __syncthreads()
//   arrive(b)                      one of the arrivals of the present phase
//   arrive_expecting(b, bytes)     the same; the phase also waits for `bytes` of copies, at most 2^20 - 1
//   wait_for(b, parity)            until the present or the last phase, whichever has this parity, is complete. So it
//                                  returns at once for parity 1 of a new barrier, and must be called in every phase
//
// Clusters, blocks that run at once and have the same shared arrays at the same addresses:
//   block_rank()                   of this block in its cluster
//   sync_cluster()                 all threads of all its blocks. Before the first access to another block, and after
//                                  the last: none may end, or begin without barriers, while another needs it
//   arrive_at(b, rank)             arrives at the barrier at this address of another block
//   wait_for_cluster(b, parity)    wait_for() where other blocks arrive too
//
// Copies, by one thread; `to` is in shared memory, 128-byte aligned (1024 if swizzled). They count on the barrier, with
// all their bytes, when they have arrived; what is outside the tensor arrives as zeros.
//   copy_tile(to, map, b, value, line)          the box of a matrix from value `value` of line `line` on
//   copy_tile(to, map, b, value, line, plane)   of a stack of matrices
//   copy_pixels(to, map, b, channel, w, h, n, tap_w, tap_h)
//                                  the map's number of pixels and channels. Base pixels go from (n, h, w) on, row by
//                                  row through the map's bounding box and from picture to picture. What arrives is the
//                                  pixel (tap_h, tap_w) behind each, from `channel` on
//   copy_tile_to(blocks, to, map, b, value, line), copy_pixels_to(blocks, to, ...)
//                                  to the same address of several blocks of the cluster, a bit for each rank: fetched
//                                  once, counted on the barrier at b's address of each
//   prefetch_map(map)              ahead of the first copy
//
// Products of a warpgroup (four warps, the first a multiple of four; all lanes call together):
//   fence_products(sums...)        before the first product, and between other uses of the sums and a product
//   multiply<N, LEFT, RIGHT>(sum, left, right, add)
//                                  sum (64 x N) = left (64 x 16) * right (16 x N), BF16, plus the sum if `add`; N is
//                                  8, 64, 128, 192 or 256. Thread t holds as sum[4 j + 2 i + e] row 16 (t / 32) + 8 i +
//                                  t % 32 / 4 of column 8 j + 2 (t % 4) + e
//   commit_products(), wait_for_products<LEFT>(sums...)
//                                  ends a group; waits for all but the last LEFT. Until then sums are undefined, and
//                                  both factors must remain. A warp waits for its own part of a product: memory may be
//                                  overwritten when all four have
//   shared_matrix(...), moved(...) a factor in shared memory, see below
//   fence_shared()                 by the writer, between ordinary writes to shared memory and copies or products there
//
//   take_registers<N>(), give_registers<N>()   of each thread of a warpgroup, N a multiple of 8 from 24 to 256
//   sync_threads(id, threads)      a barrier of so many threads, whole warps; id from 1 to 15
//
// A factor's memory consists of atoms of 8 lines of 128 bytes, 1024-byte aligned. Copies with a swizzle of 128 bytes
// write such lines: chunk c (16 bytes) of line l lies at chunk c ^ l % 8.
//   Along::sum    shared_matrix<Along::sum>(first, between): a line is 64 terms of one row of the left factor, or of
//                 one column of the right one. An atom is 8 rows or columns, the next 8 are `between` bytes further on.
//                 The next 16 terms are at moved(matrix, 32), in the same lines.
//   Along::side   shared_matrix<Along::side>(first, between): a line is one term of 64 rows or columns, the next 64 are
//                 `between` bytes further on. An atom is 8 terms, the next atom the next 8. The next 16 terms are at
//                 moved(matrix, 2048).
namespace palimpsest::PALIMPSEST_CUDA {

#if PALIMPSEST_EMULATED

inline constexpr bool kHasWarpgroups = true;

using simt::Along, simt::Barrier;
using simt::arrive, simt::arrive_expecting, simt::init_barrier, simt::wait_for, simt::fence_barriers;
using simt::arrive_at, simt::block_rank, simt::sync_cluster, simt::wait_for_cluster;
using simt::commit_products, simt::fence_products, simt::fence_shared, simt::multiply, simt::wait_for_products;
using simt::copy_pixels, simt::copy_pixels_to, simt::copy_tile, simt::copy_tile_to, simt::prefetch_map;
using simt::give_registers, simt::shared_address, simt::sync_threads, simt::take_registers;

#else

// Where a factor's neighbours in memory lie: along the sum ("K-major"), or along the rows or columns ("MN-major").
enum class Along : std::uint8_t { sum, side };
using Barrier = std::uint64_t;

#if PALIMPSEST_ARCH < 800  // else in tensor_core.h
__device__ __forceinline__ unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}
#endif

#ifdef __CUDA_ARCH_FEAT_SM90_ALL

inline constexpr bool kHasWarpgroups = true;

__device__ __forceinline__ void init_barrier(Barrier* barrier, unsigned arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
}
// For the block's threads, and for copies, which see memory as another proxy does.
__device__ __forceinline__ void fence_barriers() {
  asm volatile("fence.mbarrier_init.release.cluster; fence.proxy.async.shared::cta;" ::: "memory");
}
__device__ __forceinline__ void arrive(Barrier* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}
__device__ __forceinline__ void arrive_expecting(Barrier* barrier, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
}
// try_wait gives up after a time that the hardware chooses.
__device__ __forceinline__ void wait_for(Barrier* barrier, unsigned parity) {
  asm volatile(
      "{.reg .pred complete;\n"
      "again: mbarrier.try_wait.parity.shared::cta.b64 complete, [%0], %1;\n"
      "@!complete bra again;}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

__device__ __forceinline__ unsigned block_rank() {
  unsigned rank = 0;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}
// Not `.aligned`: one thread of the copying warp may come later than the others.
__device__ __forceinline__ void sync_cluster() {
  asm volatile("barrier.cluster.arrive.release; barrier.cluster.wait.acquire;" ::: "memory");
}
__device__ __forceinline__ void arrive_at(Barrier* barrier, unsigned rank) {
  asm volatile(
      "{.reg .b32 there; mapa.shared::cluster.u32 there, %0, %1;\n"
      "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [there];}" ::"r"(shared_address(barrier)),
      "r"(rank)
      : "memory");
}
__device__ __forceinline__ void wait_for_cluster(Barrier* barrier, unsigned parity) {
  asm volatile(
      "{.reg .pred complete;\n"
      "again: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 complete, [%0], %1;\n"
      "@!complete bra again;}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

__device__ __forceinline__ void copy_tile(void* to, const TensorMap& map, Barrier* barrier, int value, int line) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::
          "r"(shared_address(to)),
      "l"(&map), "r"(shared_address(barrier)), "r"(value), "r"(line)
      : "memory");
}
__device__ __forceinline__ void copy_tile(void* to, const TensorMap& map, Barrier* barrier, int value, int line,
                                          int plane) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], "
      "[%2];" ::"r"(shared_address(to)),
      "l"(&map), "r"(shared_address(barrier)), "r"(value), "r"(line), "r"(plane)
      : "memory");
}
__device__ __forceinline__ void copy_pixels(void* to, const TensorMap& map, Barrier* barrier, int channel, int w, int h,
                                            int n, int tap_w, int tap_h) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, "
      "%6}], [%2], {%7, %8};" ::"r"(shared_address(to)),
      "l"(&map), "r"(shared_address(barrier)), "r"(channel), "r"(w), "r"(h), "r"(n),
      "h"(static_cast<unsigned short>(tap_w)), "h"(static_cast<unsigned short>(tap_h))
      : "memory");
}
__device__ __forceinline__ void copy_tile_to(unsigned blocks, void* to, const TensorMap& map, Barrier* barrier,
                                             int value, int line) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1, "
      "{%3, %4}], [%2], %5;" ::"r"(shared_address(to)),
      "l"(&map), "r"(shared_address(barrier)), "r"(value), "r"(line), "h"(static_cast<unsigned short>(blocks))
      : "memory");
}
__device__ __forceinline__ void copy_pixels_to(unsigned blocks, void* to, const TensorMap& map, Barrier* barrier,
                                               int channel, int w, int h, int n, int tap_w, int tap_h) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes.multicast::cluster [%0], "
      "[%1, {%3, %4, %5, %6}], [%2], {%7, %8}, %9;" ::"r"(shared_address(to)),
      "l"(&map), "r"(shared_address(barrier)), "r"(channel), "r"(w), "r"(h), "r"(n),
      "h"(static_cast<unsigned short>(tap_w)), "h"(static_cast<unsigned short>(tap_h)),
      "h"(static_cast<unsigned short>(blocks))
      : "memory");
}
__device__ __forceinline__ void prefetch_map(const TensorMap& map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
}

// Products write registers behind the compiler's back. As operands of this empty statement, sums are neither moved nor
// used across it: not before a wait, nor between a fence and the product.
template <int COUNT>
__device__ __forceinline__ void keep(float (&sum)[COUNT]) {
#pragma unroll
  for (float& value : sum) asm volatile("" : "+f"(value)::"memory");
}
template <int... COUNT>
__device__ __forceinline__ void fence_products(float (&... sums)[COUNT]) {
  (keep(sums), ...);
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
__device__ __forceinline__ void commit_products() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
template <int LEFT, int... COUNT>
__device__ __forceinline__ void wait_for_products(float (&... sums)[COUNT]) {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(LEFT) : "memory");
  (keep(sums), ...);
}
__device__ __forceinline__ void fence_shared() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

#define SUMS_8(i)                                                                                         \
  "+f"(sum[i]), "+f"(sum[i + 1]), "+f"(sum[i + 2]), "+f"(sum[i + 3]), "+f"(sum[i + 4]), "+f"(sum[i + 5]), \
      "+f"(sum[i + 6]), "+f"(sum[i + 7])
#define SUMS_32(i) SUMS_8(i), SUMS_8(i + 8), SUMS_8(i + 16), SUMS_8(i + 24)
#define NAMES_32                                                                                              \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, " \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31"
#define NAMES_64                                                                                                \
  NAMES_32                                                                                                      \
  ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, " \
  "%53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define NAMES_96                                                                                                \
  NAMES_64                                                                                                      \
  ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, " \
  "%85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
#define NAMES_128                                                                                                    \
  NAMES_96                                                                                                           \
  ", %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, %114, " \
  "%115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
#define MULTIPLY(n, names, left_at, right_at, add_at, left_along, right_along, ...)                      \
  asm volatile("{.reg .pred add; setp.ne.u32 add, %" #add_at ", 0; wgmma.mma_async.sync.aligned.m64n" #n \
               "k16.f32.bf16.bf16 {" names "}, %" #left_at ", %" #right_at ", add, 1, 1, %" #left_along  \
               ", %" #right_along ";}"                                                                   \
               : __VA_ARGS__                                                                             \
               : "l"(left), "l"(right), "r"(static_cast<unsigned>(add)), "n"(static_cast<int>(LEFT)),    \
                 "n"(static_cast<int>(RIGHT)))

template <int N, Along LEFT, Along RIGHT>
__device__ __forceinline__ void multiply(float (&sum)[N / 2], std::uint64_t left, std::uint64_t right, bool add) {
  static_assert(N == 8 || N == 64 || N == 128 || N == 192 || N == 256);
  if constexpr (N == 8)
    MULTIPLY(8, "%0, %1, %2, %3", 4, 5, 6, 7, 8, "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]));
  else if constexpr (N == 64)
    MULTIPLY(64, NAMES_32, 32, 33, 34, 35, 36, SUMS_32(0));
  else if constexpr (N == 128)
    MULTIPLY(128, NAMES_64, 64, 65, 66, 67, 68, SUMS_32(0), SUMS_32(32));
  else if constexpr (N == 192)
    MULTIPLY(192, NAMES_96, 96, 97, 98, 99, 100, SUMS_32(0), SUMS_32(32), SUMS_32(64));
  else
    MULTIPLY(256, NAMES_128, 128, 129, 130, 131, 132, SUMS_32(0), SUMS_32(32), SUMS_32(64), SUMS_32(96));
}

#undef MULTIPLY
#undef NAMES_128
#undef NAMES_96
#undef NAMES_64
#undef NAMES_32
#undef SUMS_32
#undef SUMS_8

template <int N>
__device__ __forceinline__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
}
template <int N>
__device__ __forceinline__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
}
__device__ __forceinline__ void sync_threads(unsigned id, unsigned threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

#else

inline constexpr bool kHasWarpgroups = false;

// Not defined: names are looked up in discarded code too.
__device__ void init_barrier(Barrier* barrier, unsigned arrivals);
__device__ void fence_barriers();
__device__ void arrive(Barrier* barrier);
__device__ void arrive_expecting(Barrier* barrier, unsigned bytes);
__device__ void wait_for(Barrier* barrier, unsigned parity);
__device__ unsigned block_rank();
__device__ void sync_cluster();
__device__ void arrive_at(Barrier* barrier, unsigned rank);
__device__ void wait_for_cluster(Barrier* barrier, unsigned parity);
__device__ void copy_tile(void* to, const TensorMap& map, Barrier* barrier, int value, int line);
__device__ void copy_tile(void* to, const TensorMap& map, Barrier* barrier, int value, int line, int plane);
__device__ void copy_pixels(void* to, const TensorMap& map, Barrier* barrier, int channel, int w, int h, int n,
                            int tap_w, int tap_h);
__device__ void copy_tile_to(unsigned blocks, void* to, const TensorMap& map, Barrier* barrier, int value, int line);
__device__ void copy_pixels_to(unsigned blocks, void* to, const TensorMap& map, Barrier* barrier, int channel, int w,
                               int h, int n, int tap_w, int tap_h);
__device__ void prefetch_map(const TensorMap& map);
template <int... COUNT>
__device__ void fence_products(float (&... sums)[COUNT]);
template <int N, Along LEFT, Along RIGHT>
__device__ void multiply(float (&sum)[N / 2], std::uint64_t left, std::uint64_t right, bool add);
__device__ void commit_products();
template <int LEFT, int... COUNT>
__device__ void wait_for_products(float (&... sums)[COUNT]);
__device__ void fence_shared();
template <int N>
__device__ void take_registers();
template <int N>
__device__ void give_registers();
__device__ void sync_threads(unsigned id, unsigned threads);

#endif
#endif

// The matrix descriptor of wgmma: addresses and distances in units of 16 bytes, bit 62 for the swizzle of 128 bytes.
// With Along::sum the hardware takes the distance of atoms from the stride's field and ignores the leading dimension's;
// with Along::side the stride's is that of terms.
template <Along ALONG>
__device__ __forceinline__ std::uint64_t shared_matrix(const void* first, unsigned between) {
  const std::uint64_t start = (shared_address(first) & 0x3ffffu) >> 4;
  const std::uint64_t leading = ALONG == Along::sum ? 1 : between >> 4;
  const std::uint64_t stride = ALONG == Along::sum ? between >> 4 : 1024 >> 4;
  return start | leading << 16 | stride << 32 | std::uint64_t{1} << 62;
}
// The same matrix, `bytes` further on.
__device__ __forceinline__ std::uint64_t moved(std::uint64_t matrix, unsigned bytes) {
  return matrix + (bytes >> 4);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
