#include "cuda/context.h"

#include <atomic>

#include "base/error.h"
#include "cuda/architectures.h"
#include "cuda/language.h"
#include "cuda/recorded_memory.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

// The runtime's current device belongs to a thread, so one process works on one GPU.
int selected(int gpu) {
  static std::atomic<int> first{-1};
  int count = 0;
  CUDA_CHECK(cudaGetDeviceCount(&count));
  if (gpu >= count)
    throw Error(fmt::format("GPU {} was not found: this machine has {}, numbered from 0", gpu, count),
                "choose one that `palimpsest info` lists");
  int chosen = -1;
  if (!first.compare_exchange_strong(chosen, gpu) && chosen != gpu)
    throw Error(fmt::format("this process works on GPU {} and cannot use GPU {}", chosen, gpu),
                "use one GPU for each process");
  CUDA_CHECK(cudaSetDevice(gpu));
  return gpu;
}

}  // namespace

Context::Context(Precision wanted, int gpu_number, void (*say_by)(std::string_view))
    : number(selected(gpu_number)),
      precision(wanted),
      say(say_by),
      pool(std::make_shared<MemoryPool>(stream)),
      uploader(stream, pool),
      downloader(stream, pool) {
  cudaDeviceProp properties{};
  CUDA_CHECK(cudaGetDeviceProperties(&properties, number));
  compute_capability = 10 * properties.major + properties.minor;
  gpu = properties.name;
  memory_bytes = properties.totalGlobalMem;
  if (precision != Precision::fp32 && compute_capability < 80)
    throw Error(fmt::format("{} has compute capability {}.{}, and its tensor cores support neither TF32 nor BF16", gpu,
                            properties.major, properties.minor),
                "use --precision fp32");
  if (!PALIMPSEST_EMULATED && !has_machine_code(built_architectures(), compute_capability))
    say(fmt::format(
        "This build has no machine code for {} (compute capability {}.{}): the driver compiles each kernel at "
        "its first use and keeps the result. Build with -DCMAKE_CUDA_ARCHITECTURES={} to avoid the wait.",
        gpu, properties.major, properties.minor, compute_capability));
}

void Context::reserve_scratch(std::size_t bytes) {
  if (bytes > scratch_bytes()) scratch_ = std::make_shared<DeviceBuffer>(pool, bytes);
}

Extents extents(const Shape& s, Layout layout) {
  const auto n = std::size_t(s.n), c = std::size_t(s.c), area = std::size_t(s.h) * std::size_t(s.w);
  const auto k_padded = std::size_t(padded(s.n)), c_padded = std::size_t(padded(s.c));
  switch (layout) {
    case Layout::activation:
    case Layout::winners:
      return {n, area, c_padded, n, c};
    case Layout::kernel:
      return {k_padded, area, c_padded, n, c};
    case Layout::matrix:
      return {n, 1, c, n, c};
    case Layout::channels:
      return {1, 1, c_padded, 1, c};
  }
  throw ContractError("unknown layout");
}

std::size_t bytes_of(const Shape& shape, Layout layout) {
  return extents(shape, layout).count() * (layout == Layout::winners ? 1 : sizeof(float));
}

CudaStorage& storage_of(const Context& context, const Tensor& tensor) {
  PALIMPSEST_REQUIRE(tensor.storage && tensor.storage->owner() == context.pool.get(),
                     "an empty tensor, or one of another device");
  return static_cast<CudaStorage&>(*tensor.storage);
}

const float* data(const Context& context, const Tensor& tensor) {
  return storage_of(context, tensor).buffer.as<const float>();
}

float* written(const Context& context, const Tensor& tensor) {
  CudaStorage& storage = storage_of(context, tensor);
  if (context.recorded) context.recorded->written(tensor);
  storage.version = next_version();
  storage.copy.columns = 0;
  return storage.buffer.as<float>();
}

void check(const Tensor& tensor, const Shape& shape, Layout layout, const char* name) {
  PALIMPSEST_REQUIRE(!tensor.empty(), "{} is empty", name);
  PALIMPSEST_REQUIRE(tensor.shape == shape && tensor.layout == layout,
                     "{} is ({}, {}, {}, {}), expected ({}, {}, {}, {})", name, tensor.shape.n, tensor.shape.c,
                     tensor.shape.h, tensor.shape.w, shape.n, shape.c, shape.h, shape.w);
  PALIMPSEST_REQUIRE(tensor.storage->bytes() >= bytes_of(shape, layout), "the storage of {} is too small", name);
}

double* scalars(const Context& context, const Scalars& at, int count) {
  if (at.empty()) return nullptr;
  CudaStorage& storage = storage_of(context, Tensor{{}, Layout::matrix, at.storage});
  PALIMPSEST_REQUIRE(at.first >= 0 && std::size_t(at.first + count) * sizeof(double) <= storage.bytes(),
                     "{} scalars from {} on", count, at.first);
  return storage.buffer.as<double>() + at.first;
}

std::uint64_t next_version() {
  static std::atomic<std::uint64_t> version{0};
  return ++version;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
