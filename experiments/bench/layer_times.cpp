#include "experiments/bench/layer_times.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>

#include "base/progress.h"
#include "base/random.h"
#include "experiments/bench/timing.h"

namespace palimpsest {

double LayerTime::gflops() const {
  const int taps = linear ? 1 : 9;
  return 2e-9 * taps * double(shape.input().count()) * shape.k / seconds;
}

namespace {

// In the order of the network, each shape once.
std::vector<LayerTime> distinct_layers(const Architecture& a, int batch, bool with_linear) {
  std::vector<LayerTime> layers;
  const auto names = layer_names(a);
  std::size_t name = 0;
  const auto add = [&](const Conv2dShape& s, bool linear) {
    const auto same = std::find_if(layers.begin(), layers.end(), [&](const LayerTime& l) {
      return l.linear == linear && l.shape.input() == s.input() && l.shape.k == s.k;
    });
    if (same != layers.end())
      ++same->layers;
    else
      layers.push_back({names[name].name, 1, linear, s, Conv2dPass::forward, 0});
    ++name;
  };
  int side = a.size, inputs = 3;
  for (std::size_t block = 0; block < kBlocks; ++block, side /= 2)
    for (int i = 0; i < kConvolutionsPerBlock[block]; ++i, inputs = a.channels[block])
      add({batch, inputs, side, side, a.channels[block]}, false);
  if (!with_linear) return layers;
  std::vector<int> outputs = a.hidden;
  outputs.push_back(a.classes);
  inputs = a.features();
  for (const int count : outputs) {
    add({batch, inputs, 1, 1, count}, true);
    inputs = count;
  }
  return layers;
}

// Activations as after a ReLU (half of them 0), weights around 0.
Tensor filled(Device& device, const Shape& shape, Layout layout, double low) {
  Random random(1, Purpose::test);
  std::vector<float> values(std::size_t(shape.count()));
  for (auto& v : values) v = float(std::max(low, random.uniform(-1, 1)));
  const Tensor tensor = device.make(shape, layout);
  device.upload(tensor, values);
  return tensor;
}

// A layer's plan with everything that its passes read and write.
template <typename Plan>
class TimedLayer {
 public:
  TimedLayer(Device& device, std::unique_ptr<Plan> plan, const Shape& input, const Shape& weights, const Shape& output,
             Layout activations, Layout kernels, Layout vectors)
      : plan_(std::move(plan)),
        x_(filled(device, input, activations, 0)),
        w_(filled(device, weights, kernels, -1)),
        positive_(filled(device, weights, kernels, 0)),
        b_(filled(device, {1, weights.n}, vectors, 0)),
        y_(filled(device, output, activations, 0)),
        dy_(filled(device, output, activations, -1)),
        dx_(device.make(input, activations)),
        dw_(device.make(weights, kernels)),
        db_(device.make({1, weights.n}, vectors)) {}

  void run(Conv2dPass pass) {
    switch (pass) {
      case Conv2dPass::forward:
        return plan_->forward(x_, w_, b_, true, dy_);
      case Conv2dPass::backward_data:
        return plan_->backward_data(y_, w_, dx_);
      case Conv2dPass::backward_weights:
        return plan_->backward_weights(x_, y_, dw_, db_);
      case Conv2dPass::relevance: {  // z+ of a layer behind a ReLU
        RelevanceDenominator denominator;
        denominator.terms = {{.input = InputMap::identity, .constant = {}, .weights = positive_, .bias = b_}};
        denominator.x = x_;
        denominator.floor = y_;
        plan_->relevance_denominator(denominator, {&y_, 1}, {&dy_, 1});
      }
    }
  }

 private:
  std::unique_ptr<Plan> plan_;
  Tensor x_, w_, positive_, b_, y_, dy_, dx_, dw_, db_;
};

std::function<void(Conv2dPass)> passes_of(Device& device, const LayerTime& layer) {
  const Conv2dShape& s = layer.shape;
  if (!layer.linear) {
    auto timed =
        std::make_shared<TimedLayer<Conv2dPlan>>(device, device.plan_conv2d(s), s.input(), s.kernel(), s.output(),
                                                 Layout::activation, Layout::kernel, Layout::channels);
    return [timed](Conv2dPass pass) { timed->run(pass); };
  }
  const LinearShape l{s.n, s.c, s.k};
  auto timed = std::make_shared<TimedLayer<LinearPlan>>(device, device.plan_linear(l), l.input(), l.weights(),
                                                        l.output(), Layout::matrix, Layout::matrix, Layout::matrix);
  return [timed](Conv2dPass pass) { timed->run(pass); };
}

}  // namespace

std::vector<LayerTime> time_layers(Device& device, const Architecture& architecture, int batch, int repeats,
                                   bool with_linear) {
  constexpr std::array passes{Conv2dPass::forward, Conv2dPass::backward_data, Conv2dPass::backward_weights,
                              Conv2dPass::relevance};
  const auto layers = distinct_layers(architecture, batch, with_linear);
  Progress progress("Timing layers", std::int64_t(layers.size() * passes.size()));
  std::vector<LayerTime> times;
  for (const auto& layer : layers) {
    const auto run = passes_of(device, layer);
    for (const Conv2dPass pass : passes) {
      LayerTime& time = times.emplace_back(layer);
      time.pass = pass;
      time.seconds = median_seconds(device, repeats, [&] { run(pass); });
      progress.advance();
    }
  }
  return times;
}

}  // namespace palimpsest
