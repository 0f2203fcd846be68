// Prints the blocks of a kernel that fit on a multiprocessor, by the toolkit's calculator, for many kernels:
// architecture, threads, registers, bytes of shared memory, blocks.
#include <cstddef>
#include <initializer_list>

#include <cuda_occupancy.h>

#include <cstdio>

namespace {

struct Architecture {
  int major, minor;
  std::size_t shared_kib, reserved;
  int threads;
};

int blocks(const Architecture& a, int threads, int registers, std::size_t shared) {
  cudaOccDeviceProp device;
  device.computeMajor = a.major;
  device.computeMinor = a.minor;
  device.maxThreadsPerBlock = 1024;
  device.maxThreadsPerMultiprocessor = a.threads;
  device.regsPerBlock = device.regsPerMultiprocessor = 65536;
  device.warpSize = 32;
  device.sharedMemPerBlock = 49152;
  device.sharedMemPerMultiprocessor = a.shared_kib * 1024;
  device.sharedMemPerBlockOptin = a.shared_kib * 1024 - a.reserved;
  device.reservedSharedMemPerBlock = a.reserved;
  device.numSms = 1;
  cudaOccFuncAttributes kernel;
  kernel.maxThreadsPerBlock = 1024;
  kernel.numRegs = registers;
  kernel.sharedSizeBytes = shared;
  kernel.partitionedGCConfig = PARTITIONED_GC_OFF;
  kernel.shmemLimitConfig = FUNC_SHMEM_LIMIT_DEFAULT;
  kernel.maxDynamicSharedSizeBytes = 0;
  kernel.numBlockBarriers = 1;
  const cudaOccDeviceState state;
  cudaOccResult result;
  if (cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &kernel, &state, threads, 0) != CUDA_OCC_SUCCESS)
    return -1;
  return result.activeBlocksPerMultiprocessor;
}

}  // namespace

int main() {
  for (const Architecture& a :
       {Architecture{7, 5, 64, 0, 1024}, Architecture{8, 0, 164, 1024, 2048}, Architecture{8, 6, 100, 1024, 1536},
        Architecture{8, 9, 100, 1024, 1536}, Architecture{9, 0, 228, 1024, 2048}, Architecture{10, 0, 228, 1024, 2048},
        Architecture{12, 0, 100, 1024, 1536}})
    for (const int threads : {32, 64, 96, 128, 256, 512, 1024})
      for (const int registers : {16, 32, 33, 40, 64, 80, 100, 128, 168, 200, 255})
        for (const std::size_t shared : {0, 100, 4096, 10240, 30720, 40960, 49152})
          if (registers * threads <= 65536)
            std::printf("%d%d %d %d %zu %d\n", a.major, a.minor, threads, registers, shared,
                        blocks(a, threads, registers, shared));
}
