#include "experiments/bench/operation_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>

#include "base/progress.h"
#include "experiments/bench/filled.h"
#include "experiments/bench/profiler_range.h"

namespace palimpsest::experiments {

namespace {

// An operation with its tensors, which `run` owns.
struct Operation {
  std::string where;  // a layer, or what its tensor is
  Shape shape;        // (0, 0, 0, 0): several tensors
  double bytes = 0;   // that move at the least, as in bench/kernel_costs.toml
  std::function<void()> run;
};

// What the operations work on.
class Operations {
 public:
  Operations(Device& device, const nn::Architecture& architecture, int batch)
      : device_(device), architecture_(architecture), batch_(batch) {
    for (const nn::Layer& layer : nn::layers_of(architecture)) {
      if (layer.kind == nn::Layer::Kind::max_pool) pools_.push_back(layer);
      if (layer.has_weights()) weights_.push_back(layer);
    }
  }

  std::size_t pools() const { return pools_.size(); }

  Operation max_pool(std::size_t pool, bool backward) {
    const nn::Layer& layer = pools_[pool];
    const Tensor x = noise(of_batch(layer.in), Layout::activation);
    const Tensor y = device_.make(of_batch(layer.out), Layout::activation);
    const Tensor winner = device_.make(y.shape, Layout::winners);
    const std::shared_ptr<MaxPoolPlan> plan = device_.plan_max_pool(x.shape);
    plan->forward(x, y, winner);
    if (!backward)
      return {layer.name, x.shape, bytes(x) + bytes(y) + bytes(winner), [=] { plan->forward(x, y, winner); }};
    const Tensor dy = noise(y.shape, Layout::activation);
    return {layer.name, x.shape, bytes(x) + 2 * bytes(y) + bytes(winner), [=] { plan->backward(dy, winner, y, x); }};
  }

  Operation average_pool(bool backward) {
    const Tensor x = noise(of_batch(pools_.back().out), Layout::activation);
    const Tensor y = noise({batch_, x.shape.c}, Layout::matrix);
    if (!backward) return {"features", x.shape, bytes(x) + bytes(y), [=, this] { device_.average_pool(x, y); }};
    const Tensor dx = device_.make(x.shape, Layout::activation);
    return {"features", x.shape, 2 * bytes(x) + bytes(y), [=, this] { device_.average_pool_backward(y, x, dx); }};
  }

  Operation focal_loss() {
    const Tensor logits = noise({batch_, architecture_.classes}, Layout::matrix);
    const Tensor labels = device_.make({batch_, 1}, Layout::matrix);
    const Tensor gradient = device_.make(logits.shape, Layout::matrix);
    return {"logits", logits.shape, 2 * bytes(logits),
            [=, this] { device_.focal_loss({5, {}}, logits, labels, &gradient); }};
  }

  // With the upload of the pictures' bytes, which is part of the call.
  Operation augment() {
    const Tensor images = device_.make({batch_, 3, architecture_.size, architecture_.size}, Layout::activation);
    const std::vector<std::uint8_t> pixels(std::size_t(images.shape.count()), 100);
    const std::vector<PixelMap> maps(std::size_t(batch_), {{0.9, 0.1, -0.1, 0.9}, {3, 5}, true, true});
    return {"pictures", images.shape, double(pixels.size()) + bytes(images),
            [=, this] { device_.augment(pixels, maps, Normalisation::torchvision(), images); }};
  }

  // All parameters of the network. Zeros, so that no run changes what the next one does.
  Operation optimiser(bool step) {
    std::vector<SgdParameter> parameters;
    double moved = 0;
    const auto add = [&](const Shape& shape, Layout layout) {
      const Tensor gradient = device_.make(shape, layout);
      moved += (step ? 5 : 1) * bytes(gradient);
      if (step)
        parameters.push_back({device_.make(shape, layout), gradient, device_.make(shape, layout)});
      else
        parameters.push_back({gradient, gradient, {}});
    };
    for (const nn::Layer& layer : weights_) {
      const LayerShape shape = layer.shape(batch_);
      add(shape.weights(), shape.weights_layout());
      add(shape.bias(), shape.vector_layout());
    }
    const SgdOptions options{.rate = 1e-4, .momentum = 0.9};
    const Shape several{0, 0, 0, 0};
    if (!step) return {"parameters", several, moved, [=, this] { device_.gradient_norm(parameters); }};
    return {"parameters", several, moved, [=, this] { device_.sgd_step(parameters, options); }};
  }

  // Of the layer with the most weights.
  Operation map_weights() {
    const auto count = [](const nn::Layer& layer) { return layer.shape(1).weights().count(); };
    const nn::Layer& largest = *std::ranges::max_element(weights_, {}, count);
    const LayerShape shape = largest.shape(batch_);
    const Tensor from = filled(device_, shape.weights(), shape.weights_layout(), -1);
    const Tensor to = device_.make(from.shape, from.layout);
    return {largest.name, from.shape, 2 * bytes(from),
            [=, this] { device_.map_weights(from, WeightMap::positive, 0, to); }};
  }

  Operation sum_channels() {
    const Tensor relevance = noise({batch_, 3, architecture_.size, architecture_.size}, Layout::activation);
    const Tensor maps = device_.make({batch_, architecture_.size * architecture_.size}, Layout::matrix);
    return {"pictures", relevance.shape, bytes(relevance) + bytes(maps),
            [=, this] { device_.sum_channels(relevance, maps); }};
  }

  Operation normalise_maps() {
    const Tensor maps = noise({batch_, architecture_.size * architecture_.size}, Layout::matrix);
    const Tensor to = device_.make(maps.shape, Layout::matrix);
    return {"maps", maps.shape, 3 * bytes(maps),
            [=, this] { device_.normalise_maps(maps, MapNormalisation::min_max, to); }};
  }

  Operation sum() {
    const Tensor y = noise(of_batch(weights_.front().out), Layout::activation);
    return {weights_.front().name, y.shape, bytes(y), [=, this, to = device_.make_scalars(1)] { device_.sum(y, to); }};
  }

 private:
  double bytes(const Tensor& tensor) const { return double(device_.bytes(tensor.shape, tensor.layout)); }
  Shape of_batch(Shape of_image) const {
    of_image.n = batch_;
    return of_image;
  }
  Tensor noise(const Shape& shape, Layout layout) { return filled(device_, shape, layout, 0); }

  Device& device_;
  const nn::Architecture& architecture_;
  int batch_;
  std::vector<nn::Layer> pools_, weights_;
};

struct Named {
  const char* name;
  Operation (*make)(Operations& operations, std::size_t pool);
  bool of_each_pool = false;
};
constexpr auto kOperations = std::to_array<Named>(
    {{"max_pool", [](Operations& o, std::size_t pool) { return o.max_pool(pool, false); }, true},
     {"max_pool_backward", [](Operations& o, std::size_t pool) { return o.max_pool(pool, true); }, true},
     {"average_pool", [](Operations& o, std::size_t) { return o.average_pool(false); }},
     {"average_pool_backward", [](Operations& o, std::size_t) { return o.average_pool(true); }},
     {"focal_loss", [](Operations& o, std::size_t) { return o.focal_loss(); }},
     {"augment", [](Operations& o, std::size_t) { return o.augment(); }},
     {"gradient_norm", [](Operations& o, std::size_t) { return o.optimiser(false); }},
     {"sgd_step", [](Operations& o, std::size_t) { return o.optimiser(true); }},
     {"map_weights", [](Operations& o, std::size_t) { return o.map_weights(); }},
     {"sum_channels", [](Operations& o, std::size_t) { return o.sum_channels(); }},
     {"normalise_maps", [](Operations& o, std::size_t) { return o.normalise_maps(); }},
     {"sum", [](Operations& o, std::size_t) { return o.sum(); }}});

}  // namespace

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const Named& one : kOperations) names.emplace_back(one.name);
  return names;
}

std::vector<BenchRow> time_operations(Device& device, const nn::Architecture& architecture, int batch,
                                      const std::vector<std::string>& only, const Limits& limits, int launches) {
  Operations operations(device, architecture, batch);
  Stopwatch watch(device);
  Progress progress("Timing operations", std::int64_t(kOperations.size()));
  std::vector<BenchRow> rows;
  for (const Named& one : kOperations) {
    progress.advance();
    if (!only.empty() && std::ranges::find(only, one.name) == only.end()) continue;
    for (std::size_t place = 0; place < (one.of_each_pool ? operations.pools() : 1); ++place) {
      const Operation operation = one.make(operations, place);
      const Contender contender{fmt::format("{} {}", one.name, operation.where), watch, operation.run};
      for (int i = 0; i < launches; ++i) {
        const ProfilerRange range(contender.name);
        operation.run();
      }
      if (launches > 0) continue;
      BenchRow& row = rows.emplace_back();
      row.kind = BenchRow::Kind::operation, row.name = one.name, row.layer = operation.where;
      if (const Shape& s = operation.shape; s.count() > 0) row.shape = {s.n, s.c, s.h, s.w};
      row.least.bytes = operation.bytes;
      row.measured = measure_in_turn({&contender, 1}, limits).front();
    }
  }
  return rows;
}

}  // namespace palimpsest::experiments
