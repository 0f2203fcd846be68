#include "lrp/explain.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace palimpsest::lrp {

namespace {

// A rule reduced for one layer. Behind a ReLU no output is negative, nor are inputs other than pixels.
std::vector<RuleGroup> groups_left(const Rule& rule, bool pixels, bool outputs_not_negative) {
  std::vector<RuleGroup> left;
  for (RuleGroup group : rule.groups) {
    if (outputs_not_negative) {
      if (group.gate == Gate::negative) continue;
      group.gate = Gate::all;  // relevance is 0 where the output is
    }
    left.push_back(pixels ? group : for_non_negative_inputs(group));
  }
  return left;
}

}  // namespace

Explainer::Explainer(nn::Network& network, const Composite& composite, const Dialect& dialect, const InputRange& range)
    : Explainer(network,
                {make_rule(composite.first, dialect), make_rule(composite.convolution, dialect),
                 make_rule(composite.linear, dialect), dialect.stabiliser},
                range) {}

Explainer::Explainer(nn::Network& network, LayerRules rules, const InputRange& range)
    : network_(network), device_(network.device()), range_(range), rules_(std::move(rules)), weights_(device_) {}

Explanation Explainer::explain(const nn::Trace& trace, std::span<const Targets> targets, const MapsWanted& wanted) {
  PALIMPSEST_REQUIRE(trace.keep_from == 0 && !targets.empty(), "trace from block {}, {} targets", trace.keep_from,
                     targets.size());
  Walk& walk = walk_for(trace, targets.size());
  weights_.refresh();
  start(trace, targets, walk.logits);
  if (walk.has_run && !walk.recording) walk.recording = device_.record([this, &walk] { run(walk); });
  walk.recording ? walk.recording->run() : run(walk);
  walk.has_run = true;

  const std::vector<double> scalars = device_.read(walk.scalars, walk.count);
  Explanation explanation;
  for (const Step& step : walk.steps) explanation.ledger.layers.push_back(entry(step, scalars));
  require_finite(walk, scalars);
  for (std::size_t k = 0; k < targets.size(); ++k) {
    const Tensor& summed = walk.summed[k];
    if (wanted.raw) explanation.maps.push_back(device_.download(walk.pixels[k]));
    if (wanted.summed) explanation.summed.push_back(device_.download(summed));
    if (!wanted.normalised) continue;
    device_.normalise_maps(summed, *wanted.normalised, summed);
    explanation.normalised.push_back(device_.download(summed));
  }
  return explanation;
}

// Two sizes of batch take turns at most: that of all batches but the last one, and the last one's.
Explainer::Walk& Explainer::walk_for(const nn::Trace& trace, std::size_t targets) {
  constexpr std::size_t kWalks = 2;
  const auto at = std::ranges::find_if(walks_, [&](const std::unique_ptr<Walk>& walk) {
    return walk->trace.input().storage == trace.input().storage &&
           walk->trace.logits().storage == trace.logits().storage && walk->logits.size() == targets;
  });
  if (at != walks_.end()) return **at;
  if (walks_.size() == kWalks) walks_.erase(walks_.begin());
  return *walks_.emplace_back(make_walk(trace, targets));
}

std::unique_ptr<Explainer::Walk> Explainer::make_walk(const nn::Trace& trace, std::size_t targets) {
  allocate(trace, targets);
  auto walk = std::make_unique<Walk>();
  walk->trace = trace;
  Buffer at = first;
  walk->logits = tensors(trace.logits().shape, trace.logits().layout, at, targets);
  Tensors relevance = walk->logits;
  int sum = 0;  // of the relevance there
  walk->count = 1;
  for (std::size_t i = trace.layers.size(); i-- > 0;) {
    Step step = make_step(trace, i);
    at = at == first ? second : first;
    step.above = relevance;
    step.below = relevance = tensors(step.layer.input.shape, step.layer.input.layout, at, targets);
    step.in = sum;
    add_groups(step);
    const bool averages = step.layer.kind == nn::Layer::Kind::average_pool;
    step.sums = walk->count;
    walk->count += RelevanceSums::kCount * (averages ? 1 : int(step.groups.size()));
    if (averages || step.layer.has_weights()) sum = walk->count++;  // others pass it on as it is
    step.out = sum;
    if (step.layer.has_weights()) {
      const int least = walk->count++;
      if (!step.pixels) step.least = least;
    }
    walk->steps.push_back(std::move(step));
  }
  walk->pixels = relevance;
  const Shape& input = trace.input().shape;
  walk->first_map = walk->count;
  walk->count += int(targets);
  for (std::size_t k = 0; k < targets; ++k)
    walk->summed.push_back(device_.make({input.n, input.h * input.w}, Layout::matrix));
  walk->scalars = device_.make_scalars(walk->count);
  for (Step& step : walk->steps)
    for (std::size_t g = 0; g < step.groups.size(); ++g) {
      step.groups[g].denominator.sums = walk->scalars.from(step.sums + int(g) * RelevanceSums::kCount);
      if (g + 1 == step.groups.size()) step.groups[g].redistribution.sums = walk->scalars.from(step.out);
    }
  return walk;
}

// The logit at the target, 0 at every other class.
void Explainer::start(const nn::Trace& trace, std::span<const Targets> targets, const Tensors& relevance) {
  const auto classes = std::size_t(trace.logits().shape.c);
  const std::vector<float> logits = device_.download(trace.logits());
  for (std::size_t k = 0; k < targets.size(); ++k) {
    PALIMPSEST_REQUIRE(targets[k].size() == std::size_t(trace.n), "{} classes for {} images", targets[k].size(),
                       trace.n);
    std::vector<float> chosen(logits.size(), 0.0F);
    for (std::size_t image = 0; image < targets[k].size(); ++image) {
      PALIMPSEST_REQUIRE(targets[k][image] >= 0 && std::size_t(targets[k][image]) < classes, "class {} of {}",
                         targets[k][image], classes);
      const std::size_t place = image * classes + std::size_t(targets[k][image]);
      chosen[place] = logits[place];
    }
    device_.upload(relevance[k], chosen);
  }
}

std::string Explainer::rule_name(const nn::TracedLayer& layer, const Rule& rule) {
  if (layer.has_weights()) return rule.name;
  return layer.kind == nn::Layer::Kind::average_pool ? "average" : "pass";
}

const Rule& Explainer::rule_of(const nn::Layer& layer, bool pixels) const {
  if (layer.kind == nn::Layer::Kind::linear) return rules_.linear;
  return pixels ? rules_.first : rules_.convolution;
}

Explainer::Step Explainer::make_step(const nn::Trace& trace, std::size_t i) const {
  const nn::TracedLayer& layer = trace.layers[i];
  // Behind a ReLU the stored output is max(z, 0). That is z wherever the relevance is not 0, unless the next layer with
  // weights also gives relevance to inputs of 0 (flat, w-square) and no average pooling before it takes it away.
  bool serves = true;
  if (layer.relu) {
    const auto next =
        std::find_if(trace.layers.begin() + std::ptrdiff_t(i) + 1, trace.layers.end(),
                     [](const nn::Layer& l) { return l.has_weights() || l.kind == nn::Layer::Kind::average_pool; });
    serves = !next->has_weights() || vanishes_at_zero(rule_of(*next, false));
  }
  return {.layer = layer,
          .rule = rule_name(layer, rule_of(layer, i == 0)),
          .pixels = i == 0,
          .output_serves = serves,
          .above = {},
          .below = {}};
}

void Explainer::add_groups(Step& step) {
  const nn::TracedLayer& layer = step.layer;
  if (!layer.has_weights()) return;
  const Rule& rule = rule_of(layer, step.pixels);
  const Tensor& weight = network_.parameters()[std::size_t(layer.parameter)].value;
  const Tensor& bias = network_.parameters()[std::size_t(layer.parameter) + 1].value;
  const auto groups = groups_left(rule, step.pixels, layer.relu && step.output_serves);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const RuleGroup& group = groups[g];
    RelevanceDenominator denominator;
    denominator.terms =
        weights_.terms(group, rule.gamma, weight, bias, [&](Constant which) { return constant(layer, which); });
    denominator.x = layer.input;
    denominator.stabiliser = group.stabiliser;
    denominator.gate = group.gate;
    if (step.output_serves && is_plain(group)) denominator.known = layer.output;
    if (step.output_serves && bounds_output(group, !step.pixels)) denominator.floor = layer.output;
    if (group.gate != Gate::all) {
      if (!step.output_serves && step.reference.empty()) step.reference = reference(layer);
      denominator.gate_by = step.output_serves ? layer.output : step.reference;
    }
    // The last group divides in place; earlier ones must leave R for those that follow.
    const bool last = g + 1 == groups.size();
    const Tensors quotients =
        last ? step.above : tensors(layer.output.shape, layer.output.layout, spare, step.above.size());
    const RelevanceRedistribution redistribution{denominator.terms, layer.input, float(group.factor), g > 0};
    step.groups.push_back({denominator, redistribution, quotients, group.factor});
  }
}

void Explainer::run(const Walk& walk) {
  device_.sum(walk.logits.front(), walk.scalars);
  for (const Step& step : walk.steps) run(walk, step);
  for (std::size_t k = 0; k < walk.pixels.size(); ++k) {
    device_.sum_channels(walk.pixels[k], walk.summed[k]);
    device_.sum(walk.summed[k], walk.scalars.from(walk.first_map + int(k)));
  }
}

void Explainer::run(const Walk& walk, const Step& step) {
  const nn::TracedLayer& layer = step.layer;
  const bool averages = layer.kind == nn::Layer::Kind::average_pool;
  if (!step.reference.empty())
    layer.plan->forward(layer.input, network_.parameters()[std::size_t(layer.parameter)].value,
                        network_.parameters()[std::size_t(layer.parameter) + 1].value, false, step.reference);
  if (averages)
    device_.relevance_quotients(layer.output, rules_.average, step.above, step.above, walk.scalars.from(step.sums));
  for (const Group& group : step.groups) {
    layer.plan->relevance_denominator(group.denominator, step.above, group.quotients);
    RelevanceRedistribution redistribution = group.redistribution;
    for (std::size_t k = 0; k < step.above.size(); ++k) {
      layer.plan->relevance_redistribute(redistribution, group.quotients[k], step.below[k]);
      redistribution.sums = {};  // the ledger is the first target's
    }
  }
  for (std::size_t k = 0; k < step.above.size() && step.groups.empty(); ++k) {
    if (averages)
      device_.average_pool_backward(step.above[k], layer.input, step.below[k]);
    else if (layer.kind == nn::Layer::Kind::max_pool)
      layer.max_pool->backward(step.above[k], layer.winner, {}, step.below[k]);  // the winner takes all
    else
      device_.copy(step.above[k], step.below[k]);
  }
  if (averages) device_.sum(step.below.front(), walk.scalars.from(step.out));
}

LedgerEntry Explainer::entry(const Step& step, const std::vector<double>& scalars) {
  const auto number = [&](int at) { return scalars[std::size_t(at)]; };
  LedgerEntry entry{.layer = step.layer.name, .rule = step.rule};
  if (step.least && !(number(*step.least) >= 0))
    throw Error(
        fmt::format("the input of {} is not finite: {} is its smallest value", entry.layer, number(*step.least)),
        "check the weights and the pictures");
  entry.relevance_in = number(step.in);
  entry.relevance_out = number(step.out);
  double served = 0;
  const auto add = [&](int at, double factor) {
    const RelevanceSums sums = RelevanceSums::of(&scalars[std::size_t(at)]);
    served += factor * sums.incoming;
    entry.to_bias += factor * sums.to_bias;
    entry.to_stabiliser += factor * sums.to_stabiliser;
    entry.to_zero += factor * sums.to_zero;
    entry.near_zero += sums.near_zero;
  };
  for (std::size_t g = 0; g < step.groups.size(); ++g)
    add(step.sums + int(g) * RelevanceSums::kCount, step.groups[g].factor);
  if (step.layer.kind == nn::Layer::Kind::average_pool) add(step.sums, 1);
  if (step.layer.has_weights()) entry.to_zero += entry.relevance_in - served;  // what no group of the rule covers
  return entry;
}

// A map's sum is finite only if all of it is.
void Explainer::require_finite(const Walk& walk, const std::vector<double>& scalars) {
  for (std::size_t k = 0; k < walk.summed.size(); ++k) {
    if (std::isfinite(scalars[std::size_t(walk.first_map) + k])) continue;
    const std::vector<float> map = device_.download(walk.summed[k]);
    const auto at = std::ranges::find_if(map, [](float r) { return !std::isfinite(r); });
    throw Error(fmt::format("the relevance of image {} of the batch is not finite",
                            std::size_t(at - map.begin()) * std::size_t(walk.trace.n) / map.size()),
                "a denominator was close to zero: use --dialect zennit or other --rules");
  }
}

Tensor Explainer::constant(const nn::TracedLayer& layer, Constant which) {
  Tensor& tensor = constants_[{layer.parameter, which}];
  if (!tensor.empty()) return tensor;
  tensor = device_.make({1, layer.in.c}, layer.shape(1).vector_layout());
  if (which == Constant::one) {
    device_.upload(tensor, std::vector<float>(std::size_t(layer.in.c), 1.0F));
  } else {
    PALIMPSEST_REQUIRE(layer.in.c == 3, "an input range for {} channels", layer.in.c);
    device_.upload(tensor, which == Constant::low ? range_.low : range_.high);
  }
  return tensor;
}

// Memory for z = W x + b of a layer whose stored output has been through a ReLU: shared, as each layer is done with it
// before the next one begins.
Tensor Explainer::reference(const nn::TracedLayer& layer) {
  const Shape& shape = layer.output.shape;
  const Layout layout = layer.output.layout;
  if (reference_.empty() || device_.bytes(reference_.shape, reference_.layout) < device_.bytes(shape, layout))
    reference_ = device_.make(shape, layout);
  return {shape, layout, reference_.storage};
}

void Explainer::allocate(const nn::Trace& trace, std::size_t targets) {
  std::size_t bytes = 0;
  for (const auto& layer : trace.layers)
    bytes = std::max({bytes, device_.bytes(layer.input.shape, layer.input.layout),
                      device_.bytes(layer.output.shape, layer.output.layout)});
  if (bytes > buffer_bytes_) walks_.clear(), buffers_.clear();
  buffer_bytes_ = std::max(buffer_bytes_, bytes);
  const bool several =
      std::max({rules_.first.groups.size(), rules_.convolution.groups.size(), rules_.linear.groups.size()}) > 1;
  while (buffers_.size() < targets) {
    auto& of_target = buffers_.emplace_back();
    for (const Buffer buffer : {first, second, spare})
      if (buffer != spare || several) of_target[buffer] = device_.allocate(buffer_bytes_);
  }
}

Explainer::Tensors Explainer::tensors(const Shape& shape, Layout layout, Buffer buffer, std::size_t targets) const {
  Tensors all;
  for (std::size_t k = 0; k < targets; ++k) all.push_back({shape, layout, buffers_[k][buffer]});
  return all;
}

}  // namespace palimpsest::lrp
