// Skipped, with exit code 77, where no GPU can be used.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cstdio>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  int gpus = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&gpus); status != cudaSuccess || gpus == 0) {
    std::printf("skipped: no usable NVIDIA GPU (%s)\n", cudaGetErrorString(status));
    return 77;
  }
  int major = 0;
  if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0) == cudaSuccess && major < 8)
    std::printf("TF32 and BF16 are not tested: this GPU of compute capability %d.x lacks them\n", major);
  return RUN_ALL_TESTS();
}
