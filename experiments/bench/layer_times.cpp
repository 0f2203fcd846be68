#include "experiments/bench/layer_times.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/progress.h"
#include "experiments/bench/filled.h"
#include "experiments/bench/profiler_range.h"

namespace palimpsest::experiments {

namespace {

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

struct DistinctLayer {
  std::string layer, name;
  int layers = 1;
  LayerShape shape;
};

// In network order, each shape once.
std::vector<DistinctLayer> distinct_layers(const nn::Architecture& architecture, int batch, const LayerChoice& choice) {
  const auto all = nn::layers_with_weights(architecture);
  const auto names = vgg_names(all), known = layer_names(architecture);
  for (const std::string& one : choice.only)
    if (std::ranges::find(known, one) == known.end())
      throw Error(fmt::format("--only: '{}' is not a layer of this network", one),
                  fmt::format("choose from {}", fmt::join(names, ", ")));
  std::vector<DistinctLayer> layers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const LayerShape shape = all[i].shape(batch);
    const auto named = [&](const std::string& one) { return one == all[i].name || one == names[i]; };
    if (!choice.only.empty() && std::ranges::none_of(choice.only, named)) continue;
    if (!shape.is_convolution() && !choice.linear) continue;
    const auto same = std::ranges::find_if(layers, [&](const DistinctLayer& layer) { return layer.shape == shape; });
    if (same != layers.end())
      ++same->layers;
    else
      layers.push_back({all[i].name, names[i], 1, shape});
  }
  return layers;
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

  std::string algorithm(BenchPass pass) const {
    static_assert(int(BenchPass::relevance) == int(LayerPass::relevance), "the passes that both have come first");
    return plan_->algorithm(pass == BenchPass::redistribution ? LayerPass::backward_data : LayerPass(pass));
  }

  void run(BenchPass pass) {
    switch (pass) {
      case BenchPass::forward:
        return plan_->forward(x_, w_, b_, true, dy_);
      case BenchPass::backward_data:
        return plan_->backward_data(y_, w_, {}, dx_);
      case BenchPass::backward_weights:
        return plan_->backward_weights(x_, y_, dw_, db_);
      case BenchPass::relevance: {  // z+ of a layer behind a ReLU
        RelevanceDenominator denominator;
        denominator.terms = {{.input = InputMap::identity, .constant = {}, .weights = positive_, .bias = b_}};
        denominator.x = x_;
        denominator.floor = y_;
        plan_->relevance_denominator(denominator, {&y_, 1}, {&dy_, 1});
        return;
      }
      case BenchPass::redistribution: {
        const RelevanceRedistribution redistribution{
            .terms = {{.input = InputMap::identity, .constant = {}, .weights = positive_}}, .x = x_};
        plan_->relevance_redistribute(redistribution, y_, dx_);
      }
    }
  }

 private:
  std::unique_ptr<LayerPlan> plan_;
  Tensor x_, w_, positive_, b_, y_, dy_, dx_, dw_, db_;
};

std::vector<BenchPass> passes_of(const LayerChoice& choice) {
  if (!choice.passes.empty()) return choice.passes;
  std::vector<BenchPass> all;
  for (const auto& word : words(BenchPass{})) all.push_back(word.value);
  return all;
}

BenchRow row_of(const Device& device, const DistinctLayer& layer, BenchPass pass) {
  const LayerShape& s = layer.shape;
  BenchRow row{.kind = BenchRow::Kind::layer, .name = layer.name, .layer = layer.layer, .layers = layer.layers};
  row.shape = {s.n, s.c, s.h, s.w, s.k};
  row.pass = word_of(pass);
  row.direct_flops = 2 * double(s.weights().count()) * s.n * s.h * s.w;
  row.least = least_work(device, s, pass);
  return row;
}

// "auto" and tables stand for several algorithms.
bool runs(const Competitor& competitor, const std::string& algorithm) {
  const std::string& asked = competitor.algorithm;
  return asked.empty() || asked == "auto" || asked.ends_with(".json") || asked == algorithm;
}

}  // namespace

std::vector<std::string> layer_names(const nn::Architecture& architecture) {
  const auto layers = nn::layers_with_weights(architecture);
  auto names = vgg_names(layers);
  for (const nn::Layer& layer : layers) names.push_back(layer.name);
  return names;
}

std::vector<BenchRow> time_layers(std::span<const Competitor> competitors, const nn::Architecture& architecture,
                                  int batch, const LayerChoice& choice, const Limits& limits) {
  const auto passes = passes_of(choice);
  const auto layers = distinct_layers(architecture, batch, choice);
  std::vector<Stopwatch> watches;
  for (const Competitor& one : competitors) watches.emplace_back(one.device);
  Progress progress("Timing layers", std::int64_t(layers.size() * passes.size()));
  std::vector<BenchRow> rows;
  for (const DistinctLayer& layer : layers) {
    std::vector<std::unique_ptr<TimedLayer>> timed(competitors.size());
    std::vector<std::optional<Error>> unplanned(competitors.size());
    for (std::size_t i = 0; i < competitors.size(); ++i) try {
        timed[i] = std::make_unique<TimedLayer>(competitors[i].device, layer.shape);
      } catch (const Error& error) {
        unplanned[i] = error;
      }
    for (const BenchPass pass : passes) {
      std::vector<BenchRow> of_pass;
      std::vector<Contender> contenders;
      std::vector<std::size_t> places;  // of the contenders in of_pass
      for (std::size_t i = 0; i < competitors.size(); ++i) {
        const std::string algorithm = timed[i] ? timed[i]->algorithm(pass) : competitors[i].algorithm;
        if (!runs(competitors[i], algorithm)) continue;
        BenchRow& row = of_pass.emplace_back(row_of(competitors[i].device, layer, pass));
        row.algorithm = competitors[i].algorithm.empty() ? algorithm : competitors[i].algorithm;
        row.measured.error = unplanned[i];
        if (unplanned[i]) continue;
        places.push_back(of_pass.size() - 1);
        contenders.push_back({layer.name + " " + row.pass, watches[i], [&one = *timed[i], pass] { one.run(pass); }});
      }
      const auto measured = measure_in_turn(contenders, limits);
      for (std::size_t i = 0; i < places.size(); ++i) of_pass[places[i]].measured = measured[i];
      rows.insert(rows.end(), of_pass.begin(), of_pass.end());
      progress.advance();
    }
  }
  return rows;
}

void launch_layers(Device& device, const nn::Architecture& architecture, int batch, const LayerChoice& choice,
                   int launches) {
  for (const DistinctLayer& layer : distinct_layers(architecture, batch, choice)) {
    TimedLayer timed(device, layer.shape);
    for (const BenchPass pass : passes_of(choice))
      for (int i = 0; i < launches; ++i) {
        const ProfilerRange range(layer.name + " " + word_of(pass));
        timed.run(pass);
      }
  }
}

}  // namespace palimpsest::experiments
