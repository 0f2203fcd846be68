#include "experiments/bench/layer_times.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "base/error.h"
#include "base/progress.h"
#include "base/random.h"
#include "experiments/bench/timing.h"

namespace palimpsest::experiments {

double LayerTime::gflops() const {
  return 2e-9 * double(shape.weights().count()) * shape.n * shape.h * shape.w / seconds;
}

namespace {

// In network order, each shape once.
// conv3_1, fc6: by block and place in it; the fully connected layers count on from VGG16's five blocks.
std::vector<std::string> vgg_names(const std::vector<nn::Layer>& layers) {
  std::vector<std::string> names;
  std::array<int, nn::kBlocks + 1> in_block{};
  for (const nn::Layer& layer : layers) {
    const int place = ++in_block.at(std::size_t(layer.block));
    names.push_back(layer.block < nn::kBlocks ? fmt::format("conv{}_{}", layer.block + 1, place)
                                              : fmt::format("fc{}", nn::kBlocks + place));
  }
  return names;
}

std::vector<LayerTime> distinct_layers(const nn::Architecture& architecture, int batch, const LayerChoice& choice) {
  const auto all = nn::layers_with_weights(architecture);
  const auto names = vgg_names(all);
  for (const std::string& one : choice.only)
    if (std::ranges::none_of(all, [&](const nn::Layer& layer) { return layer.name == one; }) &&
        std::ranges::find(names, one) == names.end())
      throw Error(fmt::format("--only: '{}' is not a layer of this network", one),
                  fmt::format("choose from {}", fmt::join(names, ", ")));
  std::vector<LayerTime> layers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const LayerShape shape = all[i].shape(batch);
    const auto named = [&](const std::string& one) { return one == all[i].name || one == names[i]; };
    if (!choice.only.empty() && std::ranges::none_of(choice.only, named)) continue;
    if (!shape.is_convolution() && !choice.linear) continue;
    const auto same = std::ranges::find_if(layers, [&](const LayerTime& time) { return time.shape == shape; });
    if (same != layers.end()) {
      ++same->layers;
      continue;
    }
    LayerTime& layer = layers.emplace_back();
    layer.layer = all[i].name, layer.name = names[i], layer.shape = shape;
  }
  return layers;
}

// Activations as after a ReLU (half of them 0), weights around 0.
Tensor filled(Device& device, const Shape& shape, Layout layout, double low) {
  Random random(1, Purpose::test);
  std::vector<float> values(std::size_t(shape.count()));
  for (auto& v : values) v = float(std::max(low, random.uniform(-1, 1)));
  return device.make(shape, layout, values);
}

// A layer's plan with all tensors of its passes.
class TimedLayer {
 public:
  TimedLayer(Device& device, const LayerShape& s)
      : plan_(device.plan_layer(s)),
        x_(filled(device, s.input(), s.layout(), 0)),
        w_(filled(device, s.weights(), s.weights_layout(), -1)),
        positive_(filled(device, s.weights(), s.weights_layout(), 0)),
        b_(filled(device, s.bias(), s.vector_layout(), 0)),
        y_(filled(device, s.output(), s.layout(), 0)),
        dy_(filled(device, s.output(), s.layout(), -1)),
        dx_(device.make(s.input(), s.layout())),
        dw_(device.make(s.weights(), s.weights_layout())),
        db_(device.make(s.bias(), s.vector_layout())) {}

  std::string algorithm(LayerPass pass) const { return plan_->algorithm(pass); }
  void run(LayerPass pass) {
    switch (pass) {
      case LayerPass::forward:
        return plan_->forward(x_, w_, b_, true, dy_);
      case LayerPass::backward_data:
        return plan_->backward_data(y_, w_, dx_);
      case LayerPass::backward_weights:
        return plan_->backward_weights(x_, y_, dw_, db_);
      case LayerPass::relevance: {  // z+ of a layer behind a ReLU
        RelevanceDenominator denominator;
        denominator.terms = {{.input = InputMap::identity, .constant = {}, .weights = positive_, .bias = b_}};
        denominator.x = x_;
        denominator.floor = y_;
        plan_->relevance_denominator(denominator, {&y_, 1}, {&dy_, 1});
      }
    }
  }

 private:
  std::unique_ptr<LayerPlan> plan_;
  Tensor x_, w_, positive_, b_, y_, dy_, dx_, dw_, db_;
};

}  // namespace

std::vector<LayerTime> time_layers(Device& device, const nn::Architecture& architecture, int batch, int repeats,
                                   const LayerChoice& choice,
                                   const std::function<void(const LayerTime&, const Error&)>& failed) {
  const std::vector<LayerPass> all{LayerPass::forward, LayerPass::backward_data, LayerPass::backward_weights,
                                   LayerPass::relevance};
  const auto& passes = choice.passes.empty() ? all : choice.passes;
  const auto layers = distinct_layers(architecture, batch, choice);
  Progress progress("Timing layers", std::int64_t(layers.size() * passes.size()));
  std::vector<LayerTime> times;
  for (const auto& layer : layers) {
    std::unique_ptr<TimedLayer> timed;
    for (const LayerPass pass : passes) {
      LayerTime& time = times.emplace_back(layer);
      time.pass = pass;
      try {
        if (!timed) timed = std::make_unique<TimedLayer>(device, layer.shape);
        time.algorithm = timed->algorithm(pass);
        for (int i = 0; i < choice.launches; ++i) timed->run(pass);
        if (choice.launches == 0) time.seconds = median_seconds(device, repeats, [&] { timed->run(pass); });
      } catch (const Error& error) {
        if (!failed) throw;
        time.seconds = std::numeric_limits<double>::infinity();
        failed(time, error);
      }
      progress.advance();
    }
  }
  return times;
}

}  // namespace palimpsest::experiments
