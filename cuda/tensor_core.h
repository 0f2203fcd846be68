#pragma once
#include <cuda_pipeline.h>

#include "cuda/language.h"
#if PALIMPSEST_EMULATED
#include "simt/ptx.h"
#endif

// Tensor cores by PTX instructions (PTX ISA, "Warp-level matrix instructions" and "Data movement: asynchronous copy"),
// for compute capability 8.0 and later. All lanes of a warp call each of these together; g = lane / 4, t = lane % 4.
//
// A matrix of an instruction is 8 rows of 16 bytes: eight 16-bit values, or four of 32 bits. A lane holds 4 bytes.
//
//   load_matrices(to, row)              four matrices of shared memory. Lane 8 i + r names row r of matrix i, 16-byte
//                                       aligned; to[i] receives bytes 4 t to 4 t + 3 of row g of matrix i
//   load_matrices_transposed(to, row)   16-bit values: to[i] receives rows 2 t and 2 t + 1 of column g
//   mma_tf32(sum, upper, lower, right)  sum += left * right, 16 x 8 results of 8 terms, factors as TF32
//   mma_bf16(sum, upper, lower, right)  of 16 terms, factors as BF16
//                                       Register h of a factor is term 4 h + t, in BF16 8 h + 2 t (low half) and the
//                                       next; `upper` of row g of the left factor, `lower` of row g + 8, `right` of
//                                       column g. sum: columns 2 t and 2 t + 1 of row g, then of row g + 8
//   to_tf32(value)                      rounded to nearest, ties away from zero; mma_tf32 ignores the low 13 bits
namespace palimpsest::PALIMPSEST_CUDA {

#if PALIMPSEST_EMULATED

using simt::load_matrices, simt::load_matrices_transposed, simt::mma_bf16, simt::mma_tf32, simt::to_tf32;

#elif PALIMPSEST_ARCH >= 800

__device__ __forceinline__ unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

__device__ __forceinline__ void load_matrices(unsigned (&to)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
}
__device__ __forceinline__ void load_matrices_transposed(unsigned (&to)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
}

__device__ __forceinline__ void mma_tf32(float (&sum)[4], const unsigned (&upper)[2], const unsigned (&lower)[2],
                                         const unsigned (&right)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(upper[0]), "r"(lower[0]), "r"(upper[1]), "r"(lower[1]), "r"(right[0]), "r"(right[1]));
}
__device__ __forceinline__ void mma_bf16(float (&sum)[4], const unsigned (&upper)[2], const unsigned (&lower)[2],
                                         const unsigned (&right)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(upper[0]), "r"(lower[0]), "r"(upper[1]), "r"(lower[1]), "r"(right[0]), "r"(right[1]));
}

__device__ __forceinline__ unsigned to_tf32(float value) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return bits;
}

#endif

// Asynchronous copies of BYTES (4 or 16) into shared memory, of zeros if `exists` is 0: `from` is then not read. Copies
// of a thread are awaited by groups, which commit_copies() ends; wait_for_copies<LEFT>() returns when all but the last
// LEFT groups have arrived. Other threads' copies need a barrier as well.
template <int BYTES>
__device__ __forceinline__ void copy_async(void* to, const void* from, unsigned exists) {
#if !PALIMPSEST_EMULATED && PALIMPSEST_ARCH >= 800
  if constexpr (BYTES == 16)
    asm volatile(
        "{.reg .pred absent; setp.eq.u32 absent, %2, 0; cp.async.cg.shared.global.L2::128B [%0], [%1], 16, absent;}" ::
            "r"(shared_address(to)),
        "l"(from), "r"(exists)
        : "memory");
  else
    asm volatile(
        "{.reg .pred absent; setp.eq.u32 absent, %2, 0; cp.async.ca.shared.global [%0], [%1], 4, absent;}" ::"r"(
            shared_address(to)),
        "l"(from), "r"(exists)
        : "memory");
#else
  __pipeline_memcpy_async(to, from, BYTES, exists != 0 ? 0 : BYTES);
#endif
}
__device__ __forceinline__ void commit_copies() {
  __pipeline_commit();
}
template <int LEFT>
__device__ __forceinline__ void wait_for_copies() {
  __pipeline_wait_prior(LEFT);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
