// Bounds, lifetimes and contents of memory.
#include "bugs.h"
#include "simt/work.h"

using namespace bugs;

template <bool planted>
__global__ void shift_in_shared(float* out) {
  SHARED_ARRAY(float, tile, 64);
  tile[threadIdx.x] = 0;
  __syncthreads();
  tile[(threadIdx.x + 1) % (planted ? 65 : 64)] = 1;  // BUG shared_overflow
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}
PLANTED(shared_overflow, "plain=shared memory overflow;memcheck=out of bounds@line;racecheck=out of bounds@line") {
  Buffer<float> out(64);
  if (planted)
    CUDA_LAUNCH(shift_in_shared<true>, 1, 64, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(shift_in_shared<false>, 1, 64, 0, nullptr, out.get());
  MUST_LAUNCH();
}

__global__ void count_in_dynamic_shared(float* out) {
  DYNAMIC_SHARED(float, tile);
  tile[threadIdx.x] = 1;  // BUG dynamic_shared_overflow
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}
PLANTED(dynamic_shared_overflow,
        "plain=shared memory overflow;memcheck=use-after-poison@line;racecheck=out of bounds@line") {
  Buffer<float> out(64);
  CUDA_LAUNCH(count_in_dynamic_shared, 1, 64, planted ? 63 * 4 : 64 * 4, nullptr, out.get());
  MUST_LAUNCH();
}

__global__ void fill(float* out, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) out[i] = 1;  // BUG global_overflow_by_one
}
PLANTED(global_overflow_by_one, "plain=memory overflow;memcheck=use-after-poison@line;racecheck=out of bounds@line") {
  Buffer<float> out(100);
  CUDA_LAUNCH(fill, 2, 64, 0, nullptr, out.get(), planted ? 101 : 100);
  MUST_LAUNCH();
}

__global__ void fill_pages(float* out, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) out[i] = 1;  // BUG overflow_of_whole_pages
}
PLANTED(overflow_of_whole_pages, "plain=illegal address@line") {
  Buffer<float> out(1024);
  CUDA_LAUNCH(fill_pages, 5, 256, 0, nullptr, out.get(), planted ? 1025 : 1024);
  MUST_LAUNCH();
}

// Rows of a large matrix: the guard is right, the product is not.
template <typename Index>
__global__ void mark_row(float* matrix, int rows_in_memory, int pitch, int row) {
  const Index offset = static_cast<Index>(row) * static_cast<Index>(pitch);  // BUG index_overflow_ubsan
  if (offset < static_cast<Index>(rows_in_memory) * static_cast<Index>(pitch))
    matrix[offset] = 1;  // BUG index_overflow
}
static void mark(bool planted) {
  Buffer<float> matrix(4096);
  // 50000 x 50000 exceeds 31 bits by a little: as an int it is negative, and smaller than any limit.
  if (planted)
    CUDA_LAUNCH(mark_row<int>, 1, 1, 0, nullptr, matrix.get(), 0, 50000, 50000);
  else
    CUDA_LAUNCH(mark_row<long long>, 1, 1, 0, nullptr, matrix.get(), 0, 50000, 50000);
  MUST_LAUNCH();
}
PLANTED(index_overflow, "plain=illegal address@line") {
  mark(planted);
}
PLANTED(index_overflow_ubsan, "memcheck=signed integer overflow@line") {
  mark(planted);
}

__global__ void read_four(const float4* in, float* out) {
  out[threadIdx.x] = in->x;  // BUG misaligned_float4
}
PLANTED(misaligned_float4, "memcheck=misaligned address@line") {
  Buffer<float> in(counting(16)), out(1);
  CUDA_LAUNCH(read_four, 1, 1, 0, nullptr, reinterpret_cast<const float4*>(in.get() + (planted ? 1 : 4)), out.get());
  MUST_LAUNCH();
}

template <bool planted>
__global__ void half_filled(float* out) {
  SHARED_ARRAY(float, tile, 64);
  if (!planted || threadIdx.x < 32) tile[threadIdx.x] = 1;
  __syncthreads();
  if (tile[threadIdx.x] > 0) out[threadIdx.x] = 1;  // BUG uninitialised_shared
}
PLANTED(uninitialised_shared, "racecheck=uninitialised read@line;initcheck=use-of-uninitialized-value@line") {
  Buffer<float> out(64);
  if (planted)
    CUDA_LAUNCH(half_filled<true>, 1, 64, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(half_filled<false>, 1, 64, 0, nullptr, out.get());
  MUST_LAUNCH();
}

__global__ void accumulate(const float* in, float* sum) {
  if (sum[threadIdx.x] < 1e9f) sum[threadIdx.x] += in[threadIdx.x];  // BUG uninitialised_global
}
PLANTED(uninitialised_global, "racecheck=uninitialised read@line;initcheck=use-of-uninitialized-value@line") {
  Buffer<float> in(counting(32)), sum(32);
  if (!planted) sum.zero();
  CUDA_LAUNCH(accumulate, 1, 32, 0, nullptr, in.get(), sum.get());
  MUST_LAUNCH();
}

// The memory detectors see shared and device memory; a register is for MSan.
template <bool planted>
__global__ void largest_of_two(const float* in, float* out) {
  float best[2];
  best[0] = in[threadIdx.x];
  if (!planted) best[1] = in[threadIdx.x + 32];
  const int which = threadIdx.x % 2 == 0 ? 0 : 1;
  if (best[which] > 3) out[threadIdx.x] = 1;  // BUG uninitialised_register
}
PLANTED(uninitialised_register, "initcheck=use-of-uninitialized-value@line") {
  Buffer<float> in(counting(64)), out(32);
  if (planted)
    CUDA_LAUNCH(largest_of_two<true>, 1, 32, 0, nullptr, in.get(), out.get());
  else
    CUDA_LAUNCH(largest_of_two<false>, 1, 32, 0, nullptr, in.get(), out.get());
  MUST_LAUNCH();
}

struct Pair {
  const float *a, *b;
};
__global__ void add_pair(Pair pair, float* out) {
  out[threadIdx.x] = pair.a[threadIdx.x] + pair.b[threadIdx.x];  // BUG read_of_freed
}
PLANTED(read_of_freed, "plain=illegal address@line") {
  Buffer<float> a(counting(32)), out(32);
  float* b = nullptr;
  MUST(cudaMalloc(&b, 32 * sizeof(float)));
  MUST(cudaMemset(b, 0, 32 * sizeof(float)));
  if (planted) MUST(cudaFree(b));
  CUDA_LAUNCH(add_pair, 1, 32, 0, nullptr, Pair{a.get(), b}, out.get());
  MUST_LAUNCH();
  MUST(cudaDeviceSynchronize());
  if (!planted) MUST(cudaFree(b));
}

PLANTED(use_after_free, "plain=use after free") {
  float* out = nullptr;
  MUST(cudaMalloc(&out, 64 * sizeof(float)));
  if (planted) MUST(cudaFree(out));
  CUDA_LAUNCH(fill, 1, 64, 0, nullptr, out, 64);
  MUST_LAUNCH();
  if (!planted) MUST(cudaFree(out));
}

// A pool hands out 400 of 512 bytes, and later the same piece again.
static void from_pool(int count, bool written) {
  Buffer<float> piece(128), out(100);
  out.zero();
  palimpsest::simt::handed_out(nullptr, piece.get(), 400);
  CUDA_LAUNCH(fill, 1, 128, 0, nullptr, piece.get(), count);
  MUST_LAUNCH();
  palimpsest::simt::handed_out(nullptr, piece.get(), 400);
  if (written) MUST(cudaMemset(piece.get(), 0, 400));
  CUDA_LAUNCH(accumulate, 1, 100, 0, nullptr, piece.get(), out.get());
  MUST_LAUNCH();
}
PLANTED(overflow_in_pool, "plain=memory overflow;memcheck=use-after-poison;racecheck=out of bounds") {
  from_pool(planted ? 101 : 100, true);
}
PLANTED(stale_contents_from_pool, "racecheck=uninitialised read") {
  from_pool(100, !planted);
}

PLANTED(double_free, "plain=double free") {
  float* data = nullptr;
  MUST(cudaMalloc(&data, 64));
  MUST(cudaFree(data));
  if (planted) MUST(cudaFree(data));
}

PLANTED(free_inside_allocation, "plain=invalid free") {
  float* data = nullptr;
  MUST(cudaMalloc(&data, 64));
  MUST(cudaFree(planted ? data + 1 : data));
}

PLANTED(leaked_memory, "plain=leak") {
  float* data = nullptr;
  MUST(cudaMalloc(&data, 64));
  if (!planted) MUST(cudaFree(data));
}

PLANTED(leaked_event, "plain=leak") {
  cudaEvent_t event = nullptr;
  MUST(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  if (!planted) MUST(cudaEventDestroy(event));
}
