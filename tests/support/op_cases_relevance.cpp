#include <fmt/format.h>

#include <cmath>

#include "tests/support/op_cases.h"
#include "tests/support/reference_relevance.h"

namespace palimpsest {

namespace {

using reference::Result;
using reference::Values;

// One group of a rule: what differs between the cases.
struct GroupTerm {
  InputMap input = InputMap::identity;
  bool bias = true;
  float sign = 1;
};
struct Group {
  std::string what;
  std::vector<GroupTerm> terms;
  Stabiliser stabiliser;
  bool floor = false, known = false;
  Gate gate = Gate::all;
  int targets = 1;
  bool in_place = false;  // the quotient takes the place of the relevance
  float factor = 1;
  bool accumulate = false;
};

std::vector<Group> groups() {
  using enum InputMap;
  using Kind = Stabiliser::Kind;
  const GroupTerm plain{}, no_bias{identity, false, 1};
  return {
      {.what = "plain", .terms = {plain}, .stabiliser = {Kind::add_sign, 0}},
      {.what = "epsilon known", .terms = {plain}, .stabiliser = {Kind::add_sign, 0.25}, .known = true, .factor = 2},
      {.what = "signed halves",
       .terms = {{positive, true, 1}, {negative, false, 1}},
       .stabiliser = {Kind::zero_only, 0.125},
       .floor = true,
       .targets = 2,
       .in_place = true},
      {.what = "box",
       .terms = {no_bias, {constant, false, -1}, {constant, false, -1}},
       .stabiliser = {Kind::add_sign, 0.5},
       .factor = -0.5F,
       .accumulate = true},
      {.what = "gated above", .terms = {plain}, .stabiliser = {Kind::add, 0.5}, .gate = Gate::positive, .targets = 3},
      {.what = "gated below",
       .terms = {no_bias},
       .stabiliser = {Kind::add_sign, 0},
       .gate = Gate::negative,
       .accumulate = true},
  };
}

// What convolution and linear layers have in common. Inputs by number: 0 x, 1 to 9 the terms' weights, biases and
// constants, 10 floor, 11 known, 12 the gate's z, 13 quotient, 14 relevance held before, 20 and up the targets' R.
template <typename LayerShape>
struct Inputs {
  std::string name;
  LayerShape shape;
  Group group;
  Numbers numbers;

  static constexpr bool is_convolution = std::is_same_v<LayerShape, Conv2dShape>;
  Shape weights_shape() const {
    if constexpr (is_convolution)
      return shape.kernel();
    else
      return shape.weights();
  }
  int outputs() const {
    if constexpr (is_convolution)
      return shape.k;
    else
      return shape.outputs;
  }
  static constexpr Layout kActivation = is_convolution ? Layout::activation : Layout::matrix;
  static constexpr Layout kWeights = is_convolution ? Layout::kernel : Layout::matrix;
  static constexpr Layout kVector = is_convolution ? Layout::channels : Layout::matrix;

  Values values(int stream, std::int64_t count) const { return case_values(name, stream, count, numbers); }
  Tensor tensor(Device& d, int stream, const Shape& s, Layout layout) const {
    return case_tensor(d, name, stream, s, layout, numbers);
  }

  std::vector<RelevanceTerm> terms(Device& d) const {
    std::vector<RelevanceTerm> all;
    for (int t = 0; t < int(group.terms.size()); ++t) {
      const GroupTerm& one = group.terms[std::size_t(t)];
      RelevanceTerm term{one.input, {}, tensor(d, 1 + 3 * t, weights_shape(), kWeights), {}, one.sign};
      if (one.bias) term.bias = tensor(d, 2 + 3 * t, {1, outputs()}, kVector);
      if (one.input == InputMap::constant) term.constant = tensor(d, 3 + 3 * t, {1, shape.input().c}, kVector);
      all.push_back(term);
    }
    return all;
  }

  reference::Connected layer() const {
    return reference::connected(shape, values(1, weights_shape().count()), Values(std::size_t(outputs())));
  }
  std::vector<reference::Term> reference_terms() const {
    std::vector<reference::Term> all;
    const std::int64_t area = std::int64_t{shape.output().h} * shape.output().w;
    const auto spread = [&](int channels, const Values& of_channel) {
      Values of_value;
      for (int n = 0; n < shape.n; ++n)
        for (int c = 0; c < channels; ++c)
          of_value.insert(of_value.end(), std::size_t(area), of_channel[std::size_t(c)]);
      return of_value;
    };
    for (int t = 0; t < int(group.terms.size()); ++t) {
      const GroupTerm& one = group.terms[std::size_t(t)];
      reference::Term term{one.input, {}, {}, {}, double(one.sign)};
      const auto mine =
          reference::connected(shape, values(1 + 3 * t, weights_shape().count()), Values(std::size_t(outputs())));
      for (const auto& connection : mine.connections) term.weights.push_back(connection.weight);
      if (one.bias) term.bias = spread(outputs(), values(2 + 3 * t, outputs()));
      if (one.input == InputMap::constant) term.constant = spread(shape.input().c, values(3 + 3 * t, shape.input().c));
      all.push_back(term);
    }
    return all;
  }
};

template <typename LayerShape>
auto plan_of(Device& device, const LayerShape& shape) {
  if constexpr (std::is_same_v<LayerShape, Conv2dShape>)
    return std::shared_ptr<Conv2dPlan>(device.plan_conv2d(shape));
  else
    return std::shared_ptr<LinearPlan>(device.plan_linear(shape));
}

template <typename LayerShape>
OpCase common(const std::string& operation, const LayerShape& shape, const Group& group) {
  OpCase one;
  const Shape in = shape.input();
  one.name = fmt::format("{} {} n{} c{} h{} w{} k{}", operation, group.what, in.n, in.c, in.h, in.w, shape.output().c);
  const Inputs<LayerShape> inputs{one.name, shape, group, Numbers::random};
  one.flops = 2.0 * double(group.terms.size()) * double(inputs.weights_shape().count()) * in.n * in.h * in.w;
  one.bytes = 4.0 * double(in.count() + 2 * shape.output().count() +
                           std::int64_t(group.terms.size()) * inputs.weights_shape().count());
  one.rounds_factors = true;
  one.may_be_zero = true;  // a gate may close everything in a small case
  return one;
}

template <typename LayerShape>
OpCase denominator(const std::string& operation, const LayerShape& shape, const Group& group) {
  OpCase one = common(operation, shape, group);
  one.exact_on_integers = false;  // the division rounds
  one.prepare = [name = one.name, shape, group](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs<LayerShape> in{name, shape, group, numbers};
    const auto of_output = [&](int stream) { return in.tensor(device, stream, shape.output(), in.kActivation); };
    RelevanceDenominator what;
    what.terms = in.terms(device);
    what.x = in.tensor(device, 0, shape.input(), in.kActivation);
    if (group.floor) what.floor = of_output(10);
    if (group.known) what.known = of_output(11);
    if (group.gate != Gate::all) what.gate_by = of_output(12);
    what.gate = group.gate;
    what.stabiliser = group.stabiliser;
    PreparedOp op;
    std::vector<Tensor> relevance;
    for (int k = 0; k < group.targets; ++k) {
      relevance.push_back(of_output(20 + k));
      op.outputs.push_back(group.in_place ? relevance.back() : make(shape.output(), in.kActivation));
    }
    if (group.in_place) op.in_place = op.outputs;
    op.run = [plan = plan_of(device, shape), what, relevance, quotients = op.outputs, to = op.scalars] {
      const RelevanceSums s = plan->relevance_denominator(what, relevance, quotients);
      *to = {s.incoming, s.to_bias, s.to_stabiliser, s.to_zero, s.near_zero};
    };
    return op;
  };
  one.expected = [name = one.name, shape, group](Numbers numbers) {
    const Inputs<LayerShape> in{name, shape, group, numbers};
    const auto count = shape.output().count();
    reference::Denominator what;
    what.terms = in.reference_terms();
    what.x = in.values(0, shape.input().count());
    if (group.floor) what.floor = in.values(10, count);
    if (group.known) what.known = in.values(11, count);
    if (group.gate != Gate::all) what.gate_by = in.values(12, count);
    what.gate = group.gate;
    what.stabiliser = group.stabiliser;
    std::vector<Result> results;
    Result sums;
    for (int k = 0; k < group.targets; ++k) {
      auto of_target = reference::relevance_denominator(in.layer(), what, in.values(20 + k, count),
                                                        numbers == Numbers::small_integers);
      results.push_back(std::move(of_target.quotients));
      if (k == 0) sums = std::move(of_target.sums);
    }
    results.push_back(std::move(sums));
    return results;
  };
  return one;
}

template <typename LayerShape>
OpCase redistribute(const std::string& operation, const LayerShape& shape, const Group& group) {
  OpCase one = common(operation, shape, group);
  one.prepare = [name = one.name, shape, group](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs<LayerShape> in{name, shape, group, numbers};
    RelevanceRedistribution what{in.terms(device), in.tensor(device, 0, shape.input(), in.kActivation), group.factor,
                                 group.accumulate};
    PreparedOp op;
    op.outputs = {group.accumulate ? in.tensor(device, 14, shape.input(), in.kActivation)
                                   : make(shape.input(), in.kActivation)};
    if (group.accumulate) op.in_place = op.outputs;
    op.run = [plan = plan_of(device, shape), what, quotient = in.tensor(device, 13, shape.output(), in.kActivation),
              relevance = op.outputs[0]] { plan->relevance_redistribute(what, quotient, relevance); };
    return op;
  };
  one.expected = [name = one.name, shape, group](Numbers numbers) {
    const Inputs<LayerShape> in{name, shape, group, numbers};
    const auto count = shape.input().count();
    return std::vector<Result>{reference::relevance_redistribute(
        in.layer(), in.reference_terms(), in.values(0, count), double(group.factor),
        in.values(13, shape.output().count()), group.accumulate ? in.values(14, count) : Values{})};
  };
  return one;
}

}  // namespace

std::vector<OpCase> relevance_cases() {
  std::vector<OpCase> cases;
  for (const auto& group : groups()) {
    for (const Conv2dShape& shape :
         {Conv2dShape{1, 1, 1, 1, 1}, {2, 3, 7, 5, 17}, {1, 17, 2, 2, 33}, {3, 16, 6, 9, 8}}) {
      cases.push_back(denominator("relevance_denominator conv2d", shape, group));
      cases.push_back(redistribute("relevance_redistribute conv2d", shape, group));
    }
    for (const LinearShape& shape : {LinearShape{1, 1, 1}, {2, 3, 5}, {5, 17, 1}, {3, 130, 67}}) {
      cases.push_back(denominator("relevance_denominator linear", shape, group));
      cases.push_back(redistribute("relevance_redistribute linear", shape, group));
    }
  }
  return cases;
}

}  // namespace palimpsest
