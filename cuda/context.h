#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "cuda/conv2d_implicit_gemm.h"
#include "cuda/handles.h"
#include "cuda/memory_pool.h"
#include "cuda/readback.h"
#include "cuda/upload.h"
#include "ops/scalars.h"
#include "ops/tensor.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Channels of activations, kernels and vectors are padded to a multiple of it; padding lanes are always zero.
inline constexpr int kBlock = 8;
inline int padded(int channels) {
  return (channels + kBlock - 1) / kBlock * kBlock;
}

class CudaStorage : public Storage {
 public:
  CudaStorage(const std::shared_ptr<MemoryPool>& pool, std::size_t bytes)
      : Storage(pool.get(), bytes), buffer(pool, bytes) {}
  DeviceBuffer buffer;

  // What products in bf16 read (cuda/factor.h).
  struct Copy {
    std::size_t rows = 0;  // as which it was made; columns 0: it is not of the present values
    int columns = 0;
    std::shared_ptr<DeviceBuffer> buffer;  // shared with recordings
    bool operator==(const Copy&) const = default;
  };
  Copy copy;
};

class RecordedMemory;
class CudnnHandle;
class CublasLtHandle;

// Shared by everything on one GPU: the stream on which all work runs in order, memory, transfers, scratch.
class Context {
 public:
  // Throws Error for a GPU that the machine does not have, or that differs from the process' first.
  explicit Context(Precision precision, int gpu = 0, void (*say)(std::string_view) = remark);

  const int number;            // of the GPU, from 0
  int compute_capability = 0;  // 86 for 8.6
  std::string gpu;             // its name
  std::size_t memory_bytes = 0;
  Precision precision;  // of convolutions and fully connected layers
  void (*say)(std::string_view);
  std::string refused, refused_warpgroups;  // as in CudaOptions
  // Whether GemmTile::warpgroup may be chosen.
  bool warpgroups() const { return compute_capability == 90 && refused.empty() && refused_warpgroups.empty(); }

  Stream stream;
  std::shared_ptr<MemoryPool> pool;
  Uploader uploader;
  Downloader downloader;
  Readback readback{stream};

  RecordedMemory* recorded = nullptr;  // of the recording that is being made

  // Each created by the first plan that uses the library (cuda/descriptors.h).
  std::shared_ptr<CudnnHandle> cudnn;
  std::shared_ptr<CublasLtHandle> cublaslt;

  // Scratch memory (ops/device.h), one piece.
  void reserve_scratch(std::size_t bytes);
  void* scratch() const { return scratch_ ? scratch_->data() : nullptr; }
  std::size_t scratch_bytes() const { return scratch_ ? scratch_->bytes() : 0; }
  const std::shared_ptr<DeviceBuffer>& scratch_owner() const { return scratch_; }  // kept alive by recordings

 private:
  std::shared_ptr<DeviceBuffer> scratch_;
};

// A tensor's layout in memory: `outer` pieces of `middle` groups of `inner` neighbouring values, of which the first
// `inner_used` of a group in the first `outer_used` pieces are real and the others zero.
//   activation  n x (h w) x padded c        kernel  padded k x (r s) x padded c
//   matrix      n x 1 x c                   channels  1 x 1 x padded c
struct Extents {
  std::size_t outer = 1, middle = 1, inner = 1, outer_used = 1, inner_used = 1;
  constexpr std::size_t count() const { return outer * middle * inner; }
};
Extents extents(const Shape& shape, Layout layout);
std::size_t bytes_of(const Shape& shape, Layout layout);

// A tensor's memory: all of it, to read, and to write; the tensor then has a new version and no copy. All throw
// ContractError for a tensor of another device.
CudaStorage& storage_of(const Context& context, const Tensor& tensor);
const float* data(const Context& context, const Tensor& tensor);
float* written(const Context& context, const Tensor& tensor);
inline const float* optional_data(const Context& context, const Tensor& tensor) {
  return tensor.empty() ? nullptr : data(context, tensor);
}
void check(const Tensor& tensor, const Shape& shape, Layout layout, const char* name);
std::uint64_t next_version();
// Scalars, of which there must be `count`; null if `at` is empty.
double* scalars(const Context& context, const Scalars& at, int count);

}  // namespace palimpsest::PALIMPSEST_CUDA
