#pragma once
// The only differences between this folder's compilers: nvcc for .cu files with a C++ compiler for the host's .cpp
// files, or a C++ compiler with emulator/include on its path for all. Everything else is plain CUDA C++.
//
//   CUDA_LAUNCH(kernel, grid, block, dynamic_shared_bytes, stream, args...)
//       launches; `kernel` may be a template instance in parentheses: CUDA_LAUNCH((scale<float, 4>), ...).
//       The next statement checks the launch: the emulator reports an unchecked launch.
//   CUDA_LAUNCH_CLUSTERS(cluster, kernel, grid, block, dynamic_shared_bytes, stream, args...)
//       the same, where so many neighbouring blocks run together and reach each other's shared memory
//   SHARED_ARRAY(T, name, count)
//       T name[count] in the block's static shared memory. For two dimensions: using Row = T[columns].
//   DYNAMIC_SHARED(T, name)
//       T* name: the launch's dynamic shared memory, aligned to 128 bytes.
//   PALIMPSEST_ARCH
//       the architecture a device function is compiled for (__CUDA_ARCH__), 0 in host code, 900 in the emulator.
//   PALIMPSEST_EMULATED
//       1 in the emulator, else 0. A kernel that depends on it is not verified by the emulator.
#include <cuda_runtime.h>

#ifdef PALIMPSEST_SIMT_H

#define PALIMPSEST_EMULATED 1
#define PALIMPSEST_ARCH 900
#define CUDA_LAUNCH(kernel, grid, block, dynamic_shared_bytes, stream, ...) \
  CUDA_LAUNCH_CLUSTERS(1, kernel, grid, block, dynamic_shared_bytes, stream __VA_OPT__(, ) __VA_ARGS__)
#define CUDA_LAUNCH_CLUSTERS(cluster, kernel, grid, block, dynamic_shared_bytes, stream, ...)     \
  ::palimpsest::simt::launch(#kernel, kernel, cluster, grid, block, dynamic_shared_bytes, stream, \
                             ::std::source_location::current() __VA_OPT__(, ) __VA_ARGS__)
#define SHARED_ARRAY(T, name, count)                                                                                  \
  static const char name##_slot = 0;                                                                                  \
  T(&name)                                                                                                            \
  [count] = *static_cast<T(*)[count]>(::palimpsest::simt::shared_array(&name##_slot, sizeof(T) * (count), alignof(T), \
                                                                       #name, ::std::source_location::current()))
#define DYNAMIC_SHARED(T, name) T* name = static_cast<T*>(::palimpsest::simt::dynamic_shared())

#elif defined(__CUDACC__)

#define PALIMPSEST_EMULATED 0
#ifdef __CUDA_ARCH__
#define PALIMPSEST_ARCH __CUDA_ARCH__
#else
#define PALIMPSEST_ARCH 0
#endif
#define CUDA_LAUNCH(kernel, grid, block, dynamic_shared_bytes, stream, ...) \
  kernel<<<grid, block, dynamic_shared_bytes, stream>>>(__VA_ARGS__)
#define CUDA_LAUNCH_CLUSTERS(cluster, kernel, grid, block, dynamic_shared_bytes, stream, ...) \
  ::palimpsest::launch_clusters(kernel, cluster, grid, block, dynamic_shared_bytes, stream __VA_OPT__(, ) __VA_ARGS__)
namespace palimpsest {
template <class... P, class... A>
void launch_clusters(void (*kernel)(P...), unsigned cluster, dim3 grid, dim3 block, std::size_t dynamic_shared_bytes,
                     cudaStream_t stream, const A&... arguments) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = cluster;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = grid, config.blockDim = block, config.dynamicSmemBytes = dynamic_shared_bytes;
  config.stream = stream, config.attrs = &attribute, config.numAttrs = 1;
  static_cast<void>(cudaLaunchKernelEx(&config, kernel, P(arguments)...));  // the check asks for the last error
}
}  // namespace palimpsest
#define SHARED_ARRAY(T, name, count) __shared__ T name[count]
#define DYNAMIC_SHARED(T, name)                                               \
  extern __shared__ __align__(128) unsigned char palimpsest_dynamic_shared[]; \
  T* name = reinterpret_cast<T*>(palimpsest_dynamic_shared)

#else  // a host file, which launches nothing

#define PALIMPSEST_EMULATED 0
#define PALIMPSEST_ARCH 0

#endif
