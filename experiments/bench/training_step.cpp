#include "experiments/bench/training_step.h"

#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "nn/batch_upload.h"
#include "nn/weights.h"

namespace palimpsest::experiments {

TrainingStep::TrainingStep(Device& device, const nn::Architecture& architecture, int batch)
    : device_(device), network_(device, architecture), batch_(batch) {
  nn::initialise(network_, 1);
  network_.keep_gradients(false);
  std::vector<int> labels;
  for (int i = 0; i < batch; ++i) labels.push_back(i % architecture.classes);
  labels_ = device.make({batch, 1}, Layout::matrix);
  nn::upload_labels(device, labels, architecture.classes, labels_);
}

void TrainingStep::freeze(int blocks) {
  std::array<bool, nn::kBlocks> frozen{};
  std::fill_n(frozen.begin(), blocks, true);
  network_.set_frozen(frozen);
  updates_.clear();
}

void TrainingStep::prepare(int keep_from) {
  trace_ = network_.make_trace(batch_, keep_from);
  updates_.clear();
  Random random(1, Purpose::test);
  images_.resize(std::size_t(trace_.input().shape.count()));
  for (auto& v : images_) v = float(random.uniform(-1, 1));
  upload();
  gradient_ = device_.make(trace_.logits().shape, trace_.logits().layout);
}

void TrainingStep::upload() {
  device_.upload(trace_.input(), images_);
}

void TrainingStep::compute() {
  network_.forward_blocks(trace_);
  compute_head();
}

void TrainingStep::compute_head() {
  network_.forward_head(trace_);
  device_.focal_loss({5, {}}, trace_.logits(), labels_, &gradient_);
  network_.backward(trace_, gradient_);
}

void TrainingStep::update() {
  if (updates_.empty())
    for (auto& p : network_.parameters())
      if (network_.trained(p.block)) {
        const GradientProduct product = trace_.product(p);
        updates_.push_back({p.value, product.plan ? Tensor{} : p.gradient, {}, {}, product});
      }
  device_.sgd_step(updates_, {.rate = 1e-4});
}

}  // namespace palimpsest::experiments
