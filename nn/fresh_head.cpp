#include "nn/fresh_head.h"

#include <algorithm>
#include <cmath>

#include "data/some_examples.h"
#include "nn/inference.h"

namespace palimpsest::nn {

namespace {

constexpr int kPictures = 64;

// Evenly spaced: folders are sorted by class.
std::shared_ptr<const data::Examples> spread(std::shared_ptr<const data::Examples> all) {
  const int count = std::min(kPictures, all->count());
  std::vector<int> chosen;
  for (int i = 0; i < count; ++i) chosen.push_back(int(std::int64_t{i} * all->count() / count));
  return std::make_shared<data::SomeExamples>(std::move(all), std::move(chosen));
}

double deviation(const std::vector<float>& values) {
  double mean = 0, squares = 0;
  for (const float v : values) mean += v;
  mean /= double(values.size());
  for (const float v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / double(values.size()));
}

}  // namespace

void fit_fresh_layers(Network& network, const std::vector<std::string>& taken,
                      std::shared_ptr<const data::Examples> examples, const Normalisation& normalisation, int batch) {
  const auto fresh = [&](const Parameter& p) { return std::ranges::find(taken, p.name) == taken.end(); };
  auto& parameters = network.parameters();
  if (std::ranges::none_of(parameters, [&](const Parameter& p) { return p.block == kBlocks && fresh(p); })) return;
  const auto some = spread(std::move(examples));
  if (some->count() == 0) return;
  std::vector<float> features;
  infer(network, some, {batch, normalisation, true, "Fitting the new head"}, [&](const Outputs& outputs) {
    features.insert(features.end(), outputs.features.begin(), outputs.features.end());
  });

  Device& device = network.device();
  Trace trace = network.make_trace(some->count(), kBlocks);
  device.upload(trace.features(), features);
  const int last = trace.layers.back().parameter;
  for (const TracedLayer& layer : trace.layers) {
    if (layer.block < kBlocks || !layer.has_weights()) continue;
    const Tensor& weights = parameters[std::size_t(layer.parameter)].value;
    const Tensor& biases = parameters[std::size_t(layer.parameter) + 1].value;
    if (!fresh(parameters[std::size_t(layer.parameter)])) continue;
    device.fill(biases, 0);
    if (layer.parameter == last) {
      device.fill(weights, 0);
      continue;
    }
    network.forward_head(trace);
    const Tensor sums = device.make(layer.output.shape, layer.output.layout);
    layer.plan->forward(layer.input, weights, biases, false, sums);
    const double scale = deviation(device.download(sums));
    if (!(scale > 0)) continue;
    auto values = device.download(weights);
    for (float& value : values) value = float(value / scale);
    device.upload(weights, values);
  }
}

}  // namespace palimpsest::nn
