#pragma once
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nn/layers.h"
#include "ops/device.h"

namespace palimpsest::nn {

// A weight or bias. `gradient` exists only for blocks that are trained.
struct Parameter {
  std::string name;  // torchvision's: "features.0.weight"
  int block = 0;     // 0..4; kBlocks for the head
  Tensor value, gradient;
};

// A layer on one batch: its plan, input and output. Training and relevance share the list.
struct TracedLayer : Layer {
  LayerPlan* plan = nullptr;        // if it has weights
  MaxPoolPlan* max_pool = nullptr;  // if it is one
  Tensor input, output, winner;
  Tensor gradient;  // of the output, if the step forms the weights' gradient of it (Network::keep_gradients)
};

// The record of a pass: every layer's input and output from block `keep_from` on (54 MB per image for a
// whole VGG16 at 224, without copies of operands). Below it, layers alternate between two shared buffers.
struct Trace {
  int n = 0, keep_from = 0;
  std::vector<TracedLayer> layers;

  const Tensor& input() const { return layers.front().input; }
  const Tensor& logits() const { return layers.back().output; }  // requires: the network has a head
  const Tensor& features() const;                                // the last block's output, (n, c, side, side)
  // Of a parameter whose gradient backward() leaves to the step; without a plan for any other.
  GradientProduct product(const Parameter& parameter) const;
};

// VGG16 on a device (without its head if the architecture has 0 classes), with a freeze flag per block. A frozen
// block computes no weight gradient, and below the lowest trained block no gradient is computed at all.
class Network {
 public:
  Network(Device& device, const Architecture& architecture);
  // Another head on the blocks of a network: the same tensors, so what one training changes the other sees. Gradients
  // and traces are its own. requires: the same depth, size and channels
  Network(const Network& blocks, const Architecture& architecture);

  Device& device() const { return device_; }
  const Architecture& architecture() const { return architecture_; }
  std::vector<Parameter>& parameters() { return parameters_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }

  void set_frozen(const std::array<bool, kBlocks>& frozen);  // the head is always trained
  const std::array<bool, kBlocks>& frozen() const { return frozen_; }
  bool trained(int block) const { return block == kBlocks || !frozen_[std::size_t(block)]; }
  int lowest_trained_block() const;  // kBlocks when all are frozen

  // Tensors and plans for batches of n. keep_from = kBlocks keeps only the features and the head. Throws OutOfMemory
  // with the batch size that would fit.
  Trace make_trace(int n, int keep_from);

  // From trace.input() (or, forward_head, from trace.features()) to trace.logits().
  void forward(Trace& trace);
  void forward_blocks(Trace& trace);
  void forward_head(Trace& trace);

  // Whether backward() computes the gradient of every trained parameter, as is the default. Else those of large fully
  // connected layers are left to the SGD step where the device can (ops/sgd.h), in traces that are made from then on.
  void keep_gradients(bool keep) { keeps_gradients_ = keep; }

  // From the gradient of the logits to the gradients of all trained parameters.
  // requires: trace.keep_from <= lowest_trained_block(), forward() or forward_head() ran on it
  void backward(Trace& trace, const Tensor& logits_gradient);

 private:
  struct Plan {  // of a layer; both empty: nothing to plan
    std::unique_ptr<LayerPlan> layer;
    std::unique_ptr<MaxPoolPlan> max_pool;
  };
  using Plans = std::vector<Plan>;  // in the order of layers_
  const Plans& plans_for(int n);
  std::size_t bytes_per_image(int keep_from) const;
  Trace make_trace(int n, int keep_from, std::size_t& made);
  Tensor gradient_tensor(const Shape& shape, Layout layout, int buffer);

  Device& device_;
  Architecture architecture_;
  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
  std::array<bool, kBlocks> frozen_{};
  bool keeps_gradients_ = true;
  std::map<int, Plans> plans_;
  std::array<std::shared_ptr<Storage>, 2> gradient_buffers_;
  std::array<std::size_t, 2> gradient_bytes_{};
};

}  // namespace palimpsest::nn
