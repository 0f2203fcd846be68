#pragma once
#include <memory>
#include <span>
#include <vector>

#include "cuda/context.h"
#include "ops/device.h"

namespace palimpsest::PALIMPSEST_CUDA {

// A piece of one parameter, processed by one thread block.
struct SgdChunk {
  float* value;
  void* copy;  // in BF16; null: none
  const float* gradient;
  float* velocity;     // null: no momentum
  const float* start;  // null: 0
  std::size_t count;
  int parameter;
  bool operator==(const SgdChunk&) const = default;
};

// SGD and the gradient's norm over all parameters, in one launch each regardless of their number.
class SgdKernels {
 public:
  explicit SgdKernels(Context& context);
  Device::NormResult norm(std::span<const SgdParameter> parameters);
  Pending<int> step(std::span<const SgdParameter> parameters, const SgdOptions& options);

 private:
  // values: where each is written, with its copy; empty: only gradients are read
  void prepare(std::span<const SgdParameter> parameters, std::span<const Destination> values);
  void expect_good();
  void enqueue_norm(double scale, double clip_norm);

  Context& context_;
  std::vector<SgdChunk> chunks_;                   // the contents of table_
  std::shared_ptr<DeviceBuffer> table_, partial_;  // shared with recordings
  DeviceBuffer result_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
