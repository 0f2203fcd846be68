#pragma once
#include "lrp/explain.h"
#include "ops/device.h"

namespace palimpsest::lrp {

// A single layer: the groups of a rule run on a plan, complete or (non_negative) shortened.
struct LayerData {
  std::vector<float> x, w, b, r, low, high;  // low, high: one for each input channel (of a linear layer: input)
};
struct LayerRelevance {
  std::vector<float> relevance;
  double incoming = 0, outgoing = 0, lost = 0;  // lost: to bias, stabiliser and zero denominators, by the sums
};

inline LayerRelevance layer_relevance(Device& device, const LayerShape& shape, const Rule& rule, const LayerData& data,
                                      bool non_negative) {
  const auto plan = device.plan_layer(shape);
  const Tensor x = device.make(shape.input(), shape.layout(), data.x);
  const Tensor w = device.make(shape.weights(), shape.weights_layout(), data.w);
  const Tensor b = device.make(shape.bias(), shape.vector_layout(), data.b);
  const Tensor r = device.make(shape.output(), shape.layout(), data.r);
  const Tensor z = device.make(shape.output(), shape.layout());
  plan->forward(x, w, b, false, z);
  MappedWeights mapped(device);
  const Tensor below = device.make(shape.input(), shape.layout()),
               quotient = device.make(shape.output(), shape.layout());
  LayerRelevance result;
  bool accumulate = false;
  double served = 0;
  for (const RuleGroup& written : rule.groups) {
    const RuleGroup group = non_negative ? for_non_negative_inputs(written) : written;
    RelevanceDenominator denominator;
    denominator.terms = mapped.terms(group, rule.gamma, w, b, [&](Constant which) {
      return device.make({1, shape.c}, shape.vector_layout(),
                         which == Constant::one   ? std::vector<float>(std::size_t(shape.c), 1.0F)
                         : which == Constant::low ? data.low
                                                  : data.high);
    });
    denominator.x = x;
    denominator.stabiliser = group.stabiliser;
    denominator.gate = group.gate;
    if (group.gate != Gate::all) denominator.gate_by = z;
    denominator.sums = device.make_scalars(RelevanceSums::kCount);
    plan->relevance_denominator(denominator, {&r, 1}, {&quotient, 1});
    const RelevanceSums sums = RelevanceSums::of(device.read(denominator.sums, RelevanceSums::kCount).data());
    plan->relevance_redistribute({denominator.terms, x, float(group.factor), accumulate}, quotient, below);
    accumulate = true;
    served += group.factor * sums.incoming;
    result.lost += group.factor * (sums.to_bias + sums.to_stabiliser + sums.to_zero);
  }
  result.incoming = device.sum(r);
  result.lost += result.incoming - served;
  result.outgoing = device.sum(below);
  result.relevance = device.download(below);
  return result;
}

}  // namespace palimpsest::lrp
