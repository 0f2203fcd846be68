#include "nn/training_step.h"

#include <algorithm>

#include "nn/batch_upload.h"

namespace palimpsest::nn {

Pending<LossResult> TrainingStep::train(const data::Batch& batch, const FeatureCache* features, const FocalLoss& loss) {
  return run(batch, features, loss, true);
}

Pending<LossResult> TrainingStep::evaluate(const data::Batch& batch, const FeatureCache* features,
                                           const FocalLoss& loss) {
  return run(batch, features, loss, false);
}

Pending<LossResult> TrainingStep::run(const data::Batch& batch, const FeatureCache* features, const FocalLoss& loss,
                                      bool backward) {
  Slot& slot = slot_for(batch.count);
  last_ = &slot;
  upload(batch, features, slot);
  run(slot, features, backward, loss);
  return device_.loss_result();
}

TrainingStep::Slot& TrainingStep::slot_for(int n) {
  const auto at = std::find_if(slots_.begin(), slots_.end(), [n](const Slot& s) { return s.trace.n == n; });
  if (at != slots_.end()) return *at;
  if (slots_.size() == kSlots) slots_.clear();
  // A new size may reallocate the network's gradient buffers, which other recordings point into.
  for (auto& slot : slots_) slot.passes.clear();
  const int classes = network_.architecture().classes;
  slots_.push_back({network_.make_trace(n, network_.lowest_trained_block()),
                    device_.make({n, 1}, Layout::matrix),
                    device_.make({n, classes}, Layout::matrix),
                    device_.make({n, 1}, Layout::matrix),
                    {}});
  return slots_.back();
}

void TrainingStep::upload(const data::Batch& batch, const FeatureCache* features, Slot& slot) {
  upload_labels(device_, batch.labels, network_.architecture().classes, slot.labels);
  if (!features) return upload_images(device_, batch, slot.trace.input());
  gathered_.clear();
  for (std::size_t i = 0; i < batch.indices.size(); ++i) {
    if (features->on_device()) {
      gathered_.push_back(float(features->image(batch.indices[i], batch.flipped[i] != 0)));
      continue;
    }
    const auto one = features->features(batch.indices[i], batch.flipped[i] != 0);
    gathered_.insert(gathered_.end(), one.begin(), one.end());
  }
  device_.upload(features->on_device() ? slot.images : slot.trace.features(), gathered_);
}

void TrainingStep::run(Slot& slot, const FeatureCache* features, bool backward, const FocalLoss& loss) {
  const auto step = [this, &slot, features, backward, loss] {
    if (!features)
      network_.forward_blocks(slot.trace);
    else if (features->on_device())
      device_.take_images(features->table(), slot.images, slot.trace.features());
    network_.forward_head(slot.trace);
    device_.focal_loss(loss, slot.trace.logits(), slot.labels, backward ? &slot.gradient : nullptr);
    if (backward) network_.backward(slot.trace, slot.gradient);
  };
  const auto same = [&](const Pass& pass) {
    return pass.features == features && pass.backward == backward && pass.loss == loss;
  };
  const auto pass = std::find_if(slot.passes.begin(), slot.passes.end(), same);
  if (pass == slot.passes.end()) {
    step();
    slot.passes.push_back({features, backward, loss, nullptr});
    return;
  }
  if (!pass->recording) pass->recording = device_.record(step);
  pass->recording->run();
}

}  // namespace palimpsest::nn
