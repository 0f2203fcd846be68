#include "experiments/bench/step_times.h"

#include "base/error.h"
#include "base/progress.h"
#include "base/random.h"
#include "experiments/bench/timing.h"
#include "lrp/explain.h"
#include "nn/batch_upload.h"
#include "nn/weights.h"

namespace palimpsest {

namespace {

class Steps {
 public:
  Steps(Device& device, const Architecture& architecture, int batch)
      : device_(device), network_(device, architecture), batch_(batch) {
    initialise(network_, 1);
    std::vector<int> labels;
    for (int i = 0; i < batch; ++i) labels.push_back(i % architecture.classes);
    labels_ = device.make({batch, 1}, Layout::matrix);
    upload_labels(device, labels, architecture.classes, labels_);
  }

  void freeze(int blocks) {
    std::array<bool, kBlocks> frozen{};
    std::fill_n(frozen.begin(), blocks, true);
    network_.set_frozen(frozen);
    updates_.clear();
  }
  void prepare(int keep_from) {
    trace_ = network_.make_trace(batch_, keep_from);
    Random random(1, Purpose::test);
    std::vector<float> images(std::size_t(trace_.input().shape.count()));
    for (auto& v : images) v = float(random.uniform(-1, 1));
    device_.upload(trace_.input(), images);
    gradient_ = device_.make(trace_.logits().shape, trace_.logits().layout);
  }
  void forward() { network_.forward(trace_); }
  void train() {
    network_.forward(trace_);
    device_.focal_loss({5, {}}, trace_.logits(), labels_, &gradient_);
    network_.backward(trace_, gradient_);
    if (updates_.empty())
      for (auto& p : network_.parameters())
        if (network_.trained(p.block)) updates_.push_back({p.value, p.gradient, {}});
    const int bad = device_.sgd_step(updates_, {.rate = 1e-4});
    PALIMPSEST_REQUIRE(bad < 0, "parameter {} is not finite", bad);
  }
  void explain(int targets) {
    if (!explainer_)
      explainer_ = std::make_unique<Explainer>(network_, composite_named("study"), dialect_named("zennit"));
    network_.forward(trace_);
    std::vector<Targets> classes;
    for (int k = 0; k < targets; ++k) classes.emplace_back(std::size_t(batch_), k);
    explainer_->explain(trace_, classes);
  }
  int classes() const { return network_.architecture().classes; }

 private:
  Device& device_;
  Network network_;
  int batch_;
  Trace trace_;
  Tensor labels_, gradient_;
  std::vector<SgdParameter> updates_;
  std::unique_ptr<Explainer> explainer_;
};

}  // namespace

std::vector<StepTime> time_steps(Device& device, const Architecture& architecture, int batch, int repeats) {
  Steps steps(device, architecture, batch);
  std::vector<StepTime> times;
  Progress progress("Timing steps", 5);
  const auto time = [&](const std::string& name, const std::function<void()>& run) {
    times.push_back({name, median_seconds(device, repeats, run)});
    progress.advance();
  };
  steps.prepare(kBlocks);
  time("forward", [&] { steps.forward(); });
  steps.freeze(kBlocks);
  time("training, all blocks frozen", [&] { steps.train(); });
  steps.freeze(0);
  steps.prepare(0);
  time("training", [&] { steps.train(); });
  time("relevance, one class", [&] { steps.explain(1); });
  time(fmt::format("relevance, all {} classes", steps.classes()), [&] { steps.explain(steps.classes()); });
  return times;
}

}  // namespace palimpsest
