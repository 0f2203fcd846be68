// Explains one picture: which pixels made the network say what it says.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cpu/device.h"
#include "data/drawn/emotions.h"
#include "data/drawn/face.h"
#include "lrp/explain.h"
#include "lrp/heatmap.h"
#include "nn/weights.h"

using namespace palimpsest;

constexpr int kSide = 64;

// A drawn face, so that the example needs no file; read_image() (data/image.h) reads one.
static data::Image picture() {
  Random random(1, Purpose::draw_expression);
  const auto happy = data::drawn::random_expression(data::drawn::Emotion::happy, {}, random);
  const auto scene = data::drawn::random_scene(1, data::drawn::Setting::laboratory, 0);
  return data::drawn::draw_face(data::drawn::random_identity(1, 0), happy, scene, kSide, kSide).image;
}

int main() {
  // A network of random weights; load_network() (nn/weights.h) takes trained ones from a file.
  const auto device = make_cpu_device(1);
  nn::Network network(*device, nn::Architecture::vgg(16, 0.25, kSide, {32}, 8));
  nn::initialise(network, 1);

  // Forward, keeping what every layer from block 0 on took in and gave.
  const data::Image image = picture();
  nn::Trace trace = network.make_trace(1, 0);
  device->augment(image.pixels, std::vector{PixelMap{}}, Normalisation::torchvision(), trace.input());
  network.forward(trace);
  const std::vector<float> logits = device->download(trace.logits());
  const int target = int(std::max_element(logits.begin(), logits.end()) - logits.begin());

  // The study's rules: LRP-0 for fully connected layers, z+ for convolutions.
  lrp::Explainer explainer(network, lrp::composite_named("study"), lrp::dialect_named("zennit"));
  const lrp::Explanation explanation = explainer.explain(trace, std::vector<lrp::Targets>{{target}});
  const lrp::Heatmap heatmap{kSide, kSide, explanation.summed[0]};
  data::write_png("03_explain.png", lrp::overlay(image, heatmap));

  // Relevance is conserved: without biases, all of the logit arrives at the pixels.
  for (const lrp::LedgerEntry& layer : explanation.ledger.layers)
    fmt::print("{:<14} {:<6} {:>8.4f} in, {:>8.4f} out\n", layer.layer, layer.rule, layer.relevance_in,
               layer.relevance_out);
  const double logit = double(logits[target]);
  fmt::print("logit of class {}: {:.4f}, at the pixels: {:.4f}; see 03_explain.png\n", target, logit, heatmap.total());
  return std::abs(heatmap.total() - logit) <= 1e-4 * std::abs(logit) ? 0 : 1;
}
