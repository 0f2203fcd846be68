// The emulator's cost: emulator_speed prints one line per figure.
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "cuda/language.h"
#include "simt/work.h"

namespace {

constexpr int kTile = 16;
using Row = float[kTile];

__global__ void barriers(int* out, int rounds) {
  for (int round = 0; round < rounds; ++round) __syncthreads();
  if (threadIdx.x == 0) out[blockIdx.x] = rounds;
}
__global__ void one_barrier(float* out) {
  SHARED_ARRAY(float, tile, 256);
  tile[threadIdx.x] = static_cast<float>(threadIdx.x);
  __syncthreads();
  out[blockIdx.x * 256 + threadIdx.x] = tile[255 - threadIdx.x];
}
__global__ void no_barrier(float* out) {
  out[blockIdx.x * 256 + threadIdx.x] = static_cast<float>(threadIdx.x);
}

// c = a b, n x n, n a multiple of the tile.
__global__ void tiled_product(const float* a, const float* b, float* c, int n) {
  SHARED_ARRAY(Row, left, kTile);
  SHARED_ARRAY(Row, right, kTile);
  const int tx = static_cast<int>(threadIdx.x), ty = static_cast<int>(threadIdx.y);
  const int row = static_cast<int>(blockIdx.y) * kTile + ty, column = static_cast<int>(blockIdx.x) * kTile + tx;
  float sum = 0;
  for (int k = 0; k < n; k += kTile) {
    left[ty][tx] = a[row * n + k + tx];
    right[ty][tx] = b[(k + ty) * n + column];
    __syncthreads();
    for (int i = 0; i < kTile; ++i) sum += left[ty][i] * right[i][tx];
    __syncthreads();
  }
  c[row * n + column] = sum;
}

// CPU time, the minimum of five runs, which other programs on the machine affect less than wall-clock time.
template <typename Launch>
double seconds(const Launch& launch) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const std::clock_t start = std::clock();
    launch();
    if (cudaGetLastError() != cudaSuccess || cudaDeviceSynchronize() != cudaSuccess) std::puts("failed");
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

}  // namespace

int main() {
  constexpr int kBlocks = 200, kRounds = 200, kSize = 256;
  float *a, *b, *c;
  int* flags;
  if (cudaMalloc(&a, kSize * kSize * 4) || cudaMalloc(&b, kSize * kSize * 4) || cudaMalloc(&c, kSize * kSize * 4) ||
      cudaMalloc(&flags, kBlocks * 4) || cudaMemset(a, 0, kSize * kSize * 4) || cudaMemset(b, 0, kSize * kSize * 4))
    return 1;
  const auto before = palimpsest::simt::statistics().switches;
  const double switching = seconds([&] { CUDA_LAUNCH(barriers, 1, 256, 0, nullptr, flags, kRounds); });
  const double switches = static_cast<double>(palimpsest::simt::statistics().switches - before) / 5;
  std::printf("fiber switch, there and back, with its share of a barrier: %.1f ns\n", switching / switches * 1e9);
  const double with = seconds([&] { CUDA_LAUNCH(one_barrier, kBlocks, 256, 0, nullptr, c); });
  std::printf("block of 256 threads with one barrier: %.1f us\n", with / kBlocks * 1e6);
  const double without = seconds([&] { CUDA_LAUNCH(no_barrier, kBlocks, 256, 0, nullptr, c); });
  std::printf("block of 256 threads without a barrier: %.1f us\n", without / kBlocks * 1e6);
  const double product = seconds([&] {
    CUDA_LAUNCH(tiled_product, dim3(kSize / kTile, kSize / kTile), dim3(kTile, kTile), 0, nullptr, a, b, c, kSize);
  });
  std::printf("tiled matrix product, %d: %.0f MFLOP/s\n", kSize, 2.0 * kSize * kSize * kSize / product / 1e6);
  return cudaFree(a) || cudaFree(b) || cudaFree(c) || cudaFree(flags);
}
