#include "lrp/explain.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ops/stabilised.h"

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

// relevance = relevance / stabilised(z), 0 where that is 0, and what this takes out of it.
void divide(float& relevance, float z, const Stabiliser& stabiliser, LedgerEntry& entry) {
  if (relevance == 0) return;  // NaN is not 0 and propagates
  if (std::abs(z) < 1e-6F) entry.near_zero += 1;
  const float safe = stabilised(z, stabiliser);
  if (safe == 0) entry.to_zero += double(relevance);
  relevance = safe == 0 ? 0.0F : relevance / safe;
  entry.to_stabiliser += double(relevance) * (double(safe) - double(z));
}

void require_finite(const std::vector<float>& map, std::size_t images) {
  const auto at = std::find_if(map.begin(), map.end(), [](float r) { return !std::isfinite(r); });
  if (at != map.end())
    throw Error(fmt::format("the relevance of image {} of the batch is not finite",
                            std::size_t(at - map.begin()) * images / map.size()),
                "a denominator was close to zero: use --dialect zennit or other --rules");
}

}  // namespace

Explainer::Explainer(nn::Network& network, const Composite& composite, const Dialect& dialect, const InputRange& range)
    : Explainer(network,
                {make_rule(composite.first, dialect), make_rule(composite.convolution, dialect),
                 make_rule(composite.linear, dialect), dialect.stabiliser},
                range) {}

Explainer::Explainer(nn::Network& network, LayerRules rules, const InputRange& range)
    : network_(network), device_(network.device()), range_(range), rules_(std::move(rules)), weights_(device_) {}

Explanation Explainer::explain(const nn::Trace& trace, std::span<const Targets> targets,
                               MapNormalisation normalisation) {
  PALIMPSEST_REQUIRE(trace.keep_from == 0 && !targets.empty(), "trace from block {}, {} targets", trace.keep_from,
                     targets.size());
  allocate(trace, targets.size());
  std::vector<Pass> passes;
  Buffer at = first;
  Tensors relevance = tensors(trace.logits().shape, trace.logits().layout, at, targets.size());
  start(trace, targets, relevance);
  Pending<double> sum = device_.sum(relevance.front());
  for (std::size_t i = trace.layers.size(); i-- > 0;) {
    const Step here = step(trace, i);
    at = at == first ? second : first;
    const Tensors below = tensors(here.layer.input.shape, here.layer.input.layout, at, targets.size());
    Pass pass{{.layer = here.layer.name, .rule = rule_name(here)}, sum, sum, false, {}, {}};
    through(here, relevance, below, pass);
    pass.out = sum = device_.sum(below.front());
    passes.push_back(std::move(pass));
    relevance = below;
  }
  Explanation explanation;
  for (const Pass& pass : passes) explanation.ledger.layers.push_back(settle(pass));
  for (const auto& map : relevance) {
    explanation.maps.push_back(device_.download(map));
    require_finite(explanation.maps.back(), std::size_t(trace.n));
    device_.sum_channels(map, map_);
    explanation.summed.push_back(device_.download(map_));
    device_.normalise_maps(map_, normalisation, map_);
    explanation.normalised.push_back(device_.download(map_));
  }
  return explanation;
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

std::string Explainer::rule_name(const Step& step) {
  if (step.layer.has_weights()) return step.rule.name;
  return step.layer.kind == nn::Layer::Kind::average_pool ? "average" : "pass";
}

const Rule& Explainer::rule_of(const nn::Layer& layer, bool pixels) const {
  if (layer.kind == nn::Layer::Kind::linear) return rules_.linear;
  return pixels ? rules_.first : rules_.convolution;
}

Explainer::Step Explainer::step(const nn::Trace& trace, std::size_t i) const {
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
  return {layer, rule_of(layer, i == 0), i == 0, serves};
}

LedgerEntry Explainer::settle(const Pass& pass) {
  LedgerEntry entry = pass.entry;
  if (const double least = pass.least ? pass.least->get() : 0; !(least >= 0))
    throw Error(fmt::format("the input of {} is not finite: {} is its smallest value", entry.layer, least),
                "check the weights and the pictures");
  entry.relevance_in = pass.in.get();
  entry.relevance_out = pass.out.get();
  double served = 0;
  for (const auto& [factor, pending] : pass.groups) {
    const RelevanceSums sums = pending.get();
    served += factor * sums.incoming;
    entry.to_bias += factor * sums.to_bias;
    entry.to_stabiliser += factor * sums.to_stabiliser;
    entry.to_zero += factor * sums.to_zero;
    entry.near_zero += sums.near_zero;
  }
  if (pass.by_rule) entry.to_zero += entry.relevance_in - served;
  return entry;
}

void Explainer::through(const Step& step, const Tensors& above, const Tensors& below, Pass& pass) {
  if (step.layer.has_weights()) return through_weights(step, above, below, pass);
  if (step.layer.kind == nn::Layer::Kind::average_pool) return through_average(step.layer, above, below, pass.entry);
  for (std::size_t k = 0; k < above.size(); ++k) {
    if (step.layer.kind == nn::Layer::Kind::max_pool)
      step.layer.max_pool->backward(above[k], step.layer.winner, {}, below[k]);  // the winner takes all
    else
      device_.copy(above[k], below[k]);
  }
}

// z is the layer's output: a few hundred values of each image, which are divided on the host.
void Explainer::through_average(const nn::TracedLayer& layer, const Tensors& above, const Tensors& below,
                                LedgerEntry& entry) {
  const std::vector<float> means = device_.download(layer.output);
  for (std::size_t k = 0; k < above.size(); ++k) {
    std::vector<float> quotients = device_.download(above[k]);
    LedgerEntry of_target;
    for (std::size_t i = 0; i < means.size(); ++i) divide(quotients[i], means[i], rules_.average, of_target);
    if (k == 0) {
      entry.to_stabiliser = of_target.to_stabiliser;
      entry.to_zero = of_target.to_zero;
      entry.near_zero = of_target.near_zero;
    }
    device_.upload(above[k], quotients);
    device_.average_pool_backward(above[k], layer.input, below[k]);
  }
}

void Explainer::through_weights(const Step& step, const Tensors& above, const Tensors& below, Pass& pass) {
  const nn::TracedLayer& layer = step.layer;
  pass.by_rule = true;
  if (!step.pixels) pass.least = device_.smallest(layer.input);
  const auto groups = groups_left(step.rule, step.pixels, layer.relu && step.output_serves);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    // The last group divides in place; earlier ones must leave R for those that follow.
    const bool last = g + 1 == groups.size();
    const Tensors quotients = last ? above : tensors(layer.output.shape, layer.output.layout, spare, above.size());
    pass.groups.emplace_back(groups[g].factor, through_group(step, groups[g], above, quotients, below, g > 0));
  }
}

Pending<RelevanceSums> Explainer::through_group(const Step& step, const RuleGroup& group, const Tensors& above,
                                                const Tensors& quotients, const Tensors& below, bool accumulate) {
  const nn::TracedLayer& layer = step.layer;
  RelevanceDenominator denominator;
  const Tensor& weight = network_.parameters()[std::size_t(layer.parameter)].value;
  const Tensor& bias = network_.parameters()[std::size_t(layer.parameter) + 1].value;
  denominator.terms =
      weights_.terms(group, step.rule.gamma, weight, bias, [&](Constant which) { return constant(layer, which); });
  denominator.x = layer.input;
  denominator.stabiliser = group.stabiliser;
  denominator.gate = group.gate;
  if (step.output_serves && is_plain(group)) denominator.known = layer.output;
  if (step.output_serves && bounds_output(group, !step.pixels)) denominator.floor = layer.output;
  if (group.gate != Gate::all) denominator.gate_by = step.output_serves ? layer.output : reference(layer);

  const RelevanceRedistribution redistribution{denominator.terms, layer.input, float(group.factor), accumulate};
  Pending<RelevanceSums> sums = layer.plan->relevance_denominator(denominator, above, quotients);
  for (std::size_t k = 0; k < above.size(); ++k)
    layer.plan->relevance_redistribute(redistribution, quotients[k], below[k]);
  return sums;
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

// z = W x + b of a layer whose stored output has been through a ReLU.
Tensor Explainer::reference(const nn::TracedLayer& layer) {
  const Shape& shape = layer.output.shape;
  const Layout layout = layer.output.layout;
  if (reference_.empty() || device_.bytes(reference_.shape, reference_.layout) < device_.bytes(shape, layout))
    reference_ = device_.make(shape, layout);
  const Tensor z{shape, layout, reference_.storage};
  const Tensor& weight = network_.parameters()[std::size_t(layer.parameter)].value;
  const Tensor& bias = network_.parameters()[std::size_t(layer.parameter) + 1].value;
  layer.plan->forward(layer.input, weight, bias, false, z);
  return z;
}

void Explainer::allocate(const nn::Trace& trace, std::size_t targets) {
  const Shape& input = trace.input().shape;
  const Shape summed{input.n, input.h * input.w};
  if (map_.empty() || map_.shape != summed) map_ = device_.make(summed, Layout::matrix);
  std::size_t bytes = 0;
  for (const auto& layer : trace.layers)
    bytes = std::max({bytes, device_.bytes(layer.input.shape, layer.input.layout),
                      device_.bytes(layer.output.shape, layer.output.layout)});
  if (bytes > buffer_bytes_) buffers_.clear();
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
