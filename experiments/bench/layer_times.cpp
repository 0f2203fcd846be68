#include "experiments/bench/layer_times.h"

#include <algorithm>
#include <array>

#include "base/progress.h"
#include "base/random.h"
#include "experiments/bench/timing.h"

namespace palimpsest {

double LayerTime::gflops() const {
  return 2e-9 * double(shape.kernel().count()) * shape.n * shape.h * shape.w / seconds;
}

namespace {

std::vector<LayerTime> distinct_layers(const Architecture& a, int batch) {
  std::vector<LayerTime> layers;
  int side = a.size, in = 3;
  const auto names = layer_names(a);
  std::size_t name = 0;
  for (std::size_t block = 0; block < kBlocks; ++block, side /= 2)
    for (int i = 0; i < kConvolutionsPerBlock[block]; ++i, ++name) {
      const Conv2dShape s{batch, in, side, side, a.channels[block]};
      in = a.channels[block];
      const auto same = std::find_if(layers.begin(), layers.end(), [&](const LayerTime& l) {
        return l.shape.input() == s.input() && l.shape.k == s.k;
      });
      if (same != layers.end())
        ++same->layers;
      else
        layers.push_back({names[name].name, 1, s, Conv2dPass::forward, 0});
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

class TimedLayer {
 public:
  TimedLayer(Device& device, const Conv2dShape& s)
      : plan_(device.plan_conv2d(s)),
        x_(filled(device, s.input(), Layout::activation, 0)),
        w_(filled(device, s.kernel(), Layout::kernel, -1)),
        positive_(filled(device, s.kernel(), Layout::kernel, 0)),
        b_(filled(device, {1, s.k}, Layout::channels, 0)),
        y_(filled(device, s.output(), Layout::activation, 0)),
        dy_(filled(device, s.output(), Layout::activation, -1)),
        dx_(device.make(s.input(), Layout::activation)),
        dw_(device.make(s.kernel(), Layout::kernel)),
        db_(device.make({1, s.k}, Layout::channels)) {}

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
  std::unique_ptr<Conv2dPlan> plan_;
  Tensor x_, w_, positive_, b_, y_, dy_, dx_, dw_, db_;
};

}  // namespace

std::vector<LayerTime> time_layers(Device& device, const Architecture& architecture, int batch, int repeats) {
  constexpr std::array passes{Conv2dPass::forward, Conv2dPass::backward_data, Conv2dPass::backward_weights,
                              Conv2dPass::relevance};
  const auto layers = distinct_layers(architecture, batch);
  Progress progress("Timing layers", std::int64_t(layers.size() * passes.size()));
  std::vector<LayerTime> times;
  for (const auto& layer : layers) {
    TimedLayer timed(device, layer.shape);
    for (const Conv2dPass pass : passes) {
      LayerTime& time = times.emplace_back(layer);
      time.pass = pass;
      time.seconds = median_seconds(device, repeats, [&] { timed.run(pass); });
      progress.advance();
    }
  }
  return times;
}

}  // namespace palimpsest
