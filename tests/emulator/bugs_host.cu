// Host code: pointers, copies, launches.
#include "bugs.h"

using namespace bugs;

__global__ void doubled(const float* in, float* out) {
  out[threadIdx.x] = 2 * in[threadIdx.x];
}

PLANTED(host_pointer_in_launch, "plain=host pointer in a launch@line") {
  const std::vector<float> host = counting(32);
  Buffer<float> in(host), out(32);
  CUDA_LAUNCH(doubled, 1, 32, 0, nullptr, planted ? host.data() : in.get(), out.get());  // BUG host_pointer_in_launch
  MUST_LAUNCH();
}

struct Source {
  const float* data;
};
__global__ void copied(Source source, float* out) {
  out[threadIdx.x] = source.data[threadIdx.x];  // BUG host_pointer_in_struct
}
PLANTED(host_pointer_in_struct, "racecheck=kernel touches host memory@line") {
  const std::vector<float> host = counting(32);
  Buffer<float> in(host), out(32);
  CUDA_LAUNCH(copied, 1, 32, 0, nullptr, Source{planted ? host.data() : in.get()}, out.get());
  MUST_LAUNCH();
}

PLANTED(host_reads_device, "plain=host touches device memory@line") {
  const Buffer<float> data(counting(32));
  const volatile float* pointer = data.get();
  const float first = planted ? *pointer : data.host()[0];  // BUG host_reads_device
  EXPECT(first == 0);
}

PLANTED(wrong_copy_kind, "plain=wrong copy kind") {
  Buffer<float> data(counting(32));
  std::vector<float> host(32);
  MUST(cudaMemcpy(host.data(), data.get(), data.bytes(), planted ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost));
}

PLANTED(copy_overrun, "plain=copy overrun") {
  Buffer<float> data(32);
  const std::vector<float> host = counting(33);
  MUST(cudaMemcpy(data.get(), host.data(), (planted ? 33 : 32) * sizeof(float), cudaMemcpyHostToDevice));
}

PLANTED(copy_overruns_host, "memcheck=heap-buffer-overflow@line") {
  Buffer<float> data(counting(33));
  std::vector<float> host(planted ? 32 : 33);
  MUST(cudaMemcpy(host.data(), data.get(), data.bytes(), cudaMemcpyDeviceToHost));  // BUG copy_overruns_host
}

PLANTED(unchecked_launch, "plain=unchecked launch@line") {
  Buffer<float> in(counting(32)), out(32);
  CUDA_LAUNCH(doubled, 1, 32, 0, nullptr, in.get(), out.get());  // BUG unchecked_launch
  if (!planted) MUST_LAUNCH();
  MUST(cudaDeviceSynchronize());
}

PLANTED(unchecked_failed_launch, "plain=unchecked launch@line") {
  Buffer<float> in(counting(32)), out(32);
  CUDA_LAUNCH(doubled, 1, planted ? 2048 : 32, 0, nullptr, in.get(), out.get());  // BUG unchecked_failed_launch
  if (!planted) MUST_LAUNCH();
  MUST(cudaDeviceSynchronize());
}

PLANTED(block_too_large, "plain=CUDA error@line") {
  Buffer<float> in(counting(32)), out(32);
  CUDA_LAUNCH(doubled, 1, planted ? 1025 : 32, 0, nullptr, in.get(), out.get());
  MUST_LAUNCH();  // BUG block_too_large
}

__global__ void much_dynamic(float* out) {
  DYNAMIC_SHARED(float, memory);
  memory[threadIdx.x] = 1;
  out[threadIdx.x] = memory[threadIdx.x];
}
PLANTED(shared_memory_not_asked_for, "plain=CUDA error@line") {
  Buffer<float> out(32);
  if (!planted) MUST(cudaFuncSetAttribute(much_dynamic, cudaFuncAttributeMaxDynamicSharedMemorySize, 64 << 10));
  CUDA_LAUNCH(much_dynamic, 1, 32, 64 << 10, nullptr, out.get());
  MUST_LAUNCH();  // BUG shared_memory_not_asked_for
}

template <int kilobytes>
__global__ void much_static(float* out) {
  SHARED_ARRAY(char, memory, kilobytes << 10);  // BUG too_much_static_shared
  memory[threadIdx.x] = 1;
  out[threadIdx.x] = memory[threadIdx.x];
}
PLANTED(too_much_static_shared, "plain=shared memory@line") {
  Buffer<float> out(32);
  if (planted)
    CUDA_LAUNCH(much_static<49>, 1, 32, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(much_static<48>, 1, 32, 0, nullptr, out.get());
  MUST_LAUNCH();
}
