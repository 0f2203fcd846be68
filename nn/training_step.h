#pragma once
#include <list>
#include <memory>
#include <vector>

#include "nn/feature_cache.h"
#include "nn/network.h"

namespace palimpsest::nn {

// Forward pass, loss and backward pass on batches of any size. The first run with a batch size and a loss is plain and
// allocates the plans' memory; the second is recorded, and the recording is run from then on (ops/recording.h).
class TrainingStep {
 public:
  explicit TrainingStep(Network& network) : network_(network), device_(network.device()) {}

  // Loss of the batch; train() also computes the gradients of all trained parameters. With `features` those are the
  // inputs of the head and the blocks are not run.
  Pending<LossResult> train(const data::Batch& batch, const FeatureCache* features, const FocalLoss& loss);
  Pending<LossResult> evaluate(const data::Batch& batch, const FeatureCache* features, const FocalLoss& loss);

  const Trace& trace() const { return last_->trace; }  // of the last batch

 private:
  static constexpr std::size_t kSlots = 3;  // whole batches, and the last, smaller ones of training and validation

  struct Pass {
    const FeatureCache* features;  // null: from pictures
    bool backward;
    FocalLoss loss;
    std::unique_ptr<Recording> recording;
  };
  struct Slot {  // of one batch size
    Trace trace;
    Tensor labels, gradient, images;  // images: which of FeatureCache::table()
    std::list<Pass> passes;
  };

  Pending<LossResult> run(const data::Batch& batch, const FeatureCache* features, const FocalLoss& loss, bool backward);
  Slot& slot_for(int n);
  void upload(const data::Batch& batch, const FeatureCache* features, Slot& slot);
  void run(Slot& slot, const FeatureCache* features, bool backward, const FocalLoss& loss);

  Network& network_;
  Device& device_;
  std::list<Slot> slots_;
  Slot* last_ = nullptr;
  std::vector<float> gathered_;
};

}  // namespace palimpsest::nn
