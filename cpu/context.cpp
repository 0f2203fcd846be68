#include "cpu/context.h"

#include <fcntl.h>
#include <omp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "ops/out_of_memory.h"

namespace palimpsest::cpu {

bool remove_broken_openmp_registration(int process) {
  const std::string name = fmt::format("/__KMP_REGISTERED_LIB_{}_{}", process, getuid());
  const int file = shm_open(name.c_str(), O_RDONLY, 0);
  if (file == -1) return false;
  struct stat found{};
  const bool broken = fstat(file, &found) == 0 && found.st_size == 0;
  close(file);
  return broken && shm_unlink(name.c_str()) == 0;
}

namespace {
// Before main, because whatever uses OpenMP first registers.
[[maybe_unused]] const bool removed = remove_broken_openmp_registration(getpid());
}  // namespace

Buffer::Buffer(std::size_t bytes) : bytes_((std::max<std::size_t>(bytes, 1) + 63) / 64 * 64) {
  data_.reset(std::aligned_alloc(64, bytes_));
  if (!data_)
    throw OutOfMemory(fmt::format("out of memory: {:.1f} MB could not be allocated", double(bytes_) / 1e6), bytes_, 0);
  std::memset(data_.get(), 0, bytes_);
}

Context::Context(int wanted_threads, const AlgorithmTable& wanted_algorithms)
    : engine(dnnl::engine::kind::cpu, 0),
      stream(engine),
      threads(wanted_threads > 0 ? wanted_threads : omp_get_num_procs()),
      algorithms(wanted_algorithms) {
  omp_set_num_threads(threads);
  const auto isa = dnnl::get_effective_cpu_isa();
  has_avx512 = isa != dnnl::cpu_isa::sse41 && isa != dnnl::cpu_isa::avx && isa != dnnl::cpu_isa::avx2 &&
               isa != dnnl::cpu_isa::avx2_vnni;
  block = has_avx512 ? 16 : 8;
}

std::size_t Context::bytes(const Shape& s, Layout layout) const {
  const auto area = std::size_t(s.h) * std::size_t(s.w);
  switch (layout) {
    case Layout::activation:
      return std::size_t(s.n) * std::size_t(padded(s.c)) * area * sizeof(float);
    case Layout::kernel:
      return std::size_t(padded(s.n)) * std::size_t(padded(s.c)) * area * sizeof(float);
    case Layout::matrix:
      return std::size_t(s.count()) * sizeof(float);
    case Layout::channels:
      return std::size_t(padded(s.c)) * sizeof(float);
    case Layout::winners:
      return std::size_t(s.n) * std::size_t(padded(s.c)) * area;
  }
  throw ContractError("unknown layout");
}

dnnl::memory::desc Context::activation(const Shape& s) const {
  using tag = dnnl::memory::format_tag;
  return {{s.n, padded(s.c), s.h, s.w}, dnnl::memory::data_type::f32, block == 16 ? tag::nChw16c : tag::nChw8c};
}
dnnl::memory::desc Context::kernel(const Shape& s) const {
  using tag = dnnl::memory::format_tag;
  return {{padded(s.n), padded(s.c), s.h, s.w},
          dnnl::memory::data_type::f32,
          block == 16 ? tag::OIhw16i16o : tag::OIhw8i8o};
}
dnnl::memory::desc Context::channels(int count) const {
  return {{padded(count)}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::x};
}

float* Context::scratch(Slot slot, std::size_t bytes) {
  auto& buffer = slots_[slot];
  if (!buffer || buffer->bytes() < bytes) buffer = std::make_unique<Buffer>(bytes);
  return buffer->floats();
}

void check(const Context& context, const Tensor& tensor, const Shape& shape, Layout layout, const char* name) {
  PALIMPSEST_REQUIRE(!tensor.empty(), "{} is empty", name);
  PALIMPSEST_REQUIRE(tensor.storage->owner() == &context, "{} is a tensor of another device", name);
  PALIMPSEST_REQUIRE(tensor.shape == shape && tensor.layout == layout,
                     "{} is ({}, {}, {}, {}), expected ({}, {}, {}, {})", name, tensor.shape.n, tensor.shape.c,
                     tensor.shape.h, tensor.shape.w, shape.n, shape.c, shape.h, shape.w);
  PALIMPSEST_REQUIRE(tensor.storage->bytes() >= context.bytes(shape, layout), "the storage of {} is too small", name);
}

std::uint64_t next_version() {
  static std::atomic<std::uint64_t> version{0};
  return ++version;
}

Pieces pieces(const Context& context, const Shape& s, Layout layout) {
  if (layout == Layout::matrix) return {s.n, 1, 1, s.c};
  PALIMPSEST_REQUIRE(layout == Layout::activation || layout == Layout::channels, "layout {}", int(layout));
  if (layout == Layout::channels) return {1, 1, 1, context.padded(s.c)};
  return {s.n, context.padded(s.c) / context.block, s.h * s.w, context.block};
}

}  // namespace palimpsest::cpu
