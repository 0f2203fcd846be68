#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/support/op_cases.h"
#include "tests/support/reference_relevance.h"

namespace palimpsest {

namespace {

using reference::Result;
using reference::Values;

// One group of a rule: the differences between the cases.
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

// Common to convolution and linear layers. Inputs by number: 0 x, 1 to 9 the terms' weights, biases and
// constants, 10 floor, 11 known, 12 the gate's z, 13 quotient, 14 relevance held before, 20 and up the targets' R.
struct Inputs {
  std::string name;
  LayerShape shape;
  Group group;
  Numbers numbers;

  Values values(int stream, std::int64_t count) const { return case_values(name, stream, count, numbers); }
  Tensor tensor(Device& d, int stream, const Shape& s, Layout layout) const {
    return case_tensor(d, name, stream, s, layout, numbers);
  }

  std::vector<RelevanceTerm> terms(Device& d) const {
    std::vector<RelevanceTerm> all;
    for (int t = 0; t < int(group.terms.size()); ++t) {
      const GroupTerm& one = group.terms[std::size_t(t)];
      RelevanceTerm term{one.input, {}, tensor(d, 1 + 3 * t, shape.weights(), shape.weights_layout()), {}, one.sign};
      if (one.bias) term.bias = tensor(d, 2 + 3 * t, shape.bias(), shape.vector_layout());
      if (one.input == InputMap::constant) term.constant = tensor(d, 3 + 3 * t, {1, shape.c}, shape.vector_layout());
      all.push_back(term);
    }
    return all;
  }

  reference::Connected layer() const {
    return reference::connected(shape, values(1, shape.weights().count()), Values(std::size_t(shape.k)));
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
          reference::connected(shape, values(1 + 3 * t, shape.weights().count()), Values(std::size_t(shape.k)));
      for (const auto& connection : mine.connections) term.weights.push_back(connection.weight);
      if (one.bias) term.bias = spread(shape.k, values(2 + 3 * t, shape.k));
      if (one.input == InputMap::constant) term.constant = spread(shape.c, values(3 + 3 * t, shape.c));
      all.push_back(term);
    }
    return all;
  }
};

OpCase common(const std::string& operation, const LayerShape& shape, const Group& group) {
  OpCase one;
  const Shape in = shape.input();
  one.name = fmt::format("{} {} n{} c{} h{} w{} k{}", operation, group.what, in.n, in.c, in.h, in.w, shape.k);
  one.flops = 2.0 * double(group.terms.size()) * double(shape.weights().count()) * in.n * in.h * in.w;
  one.bytes = 4.0 * double(in.count() + 2 * shape.output().count() +
                           std::int64_t(group.terms.size()) * shape.weights().count());
  one.rounds_factors = true;
  one.may_be_zero = true;  // a gate may close everything in a small case
  return one;
}

OpCase denominator(const std::string& operation, const LayerShape& shape, const Group& group) {
  OpCase one = common(operation, shape, group);
  one.exact_on_integers = false;  // the division rounds
  one.prepare = [name = one.name, shape, group](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, shape, group, numbers};
    const auto of_output = [&](int stream) { return in.tensor(device, stream, shape.output(), shape.layout()); };
    RelevanceDenominator what;
    what.terms = in.terms(device);
    what.x = in.tensor(device, 0, shape.input(), shape.layout());
    if (group.floor) what.floor = of_output(10);
    if (group.known) what.known = of_output(11);
    if (group.gate != Gate::all) what.gate_by = of_output(12);
    what.gate = group.gate;
    what.stabiliser = group.stabiliser;
    PreparedOp op;
    std::vector<Tensor> relevance;
    for (int k = 0; k < group.targets; ++k) {
      relevance.push_back(of_output(20 + k));
      op.outputs.push_back(group.in_place ? relevance.back() : make(shape.output(), shape.layout()));
    }
    if (group.in_place) op.in_place = op.outputs;
    what.sums = device.make_scalars(1 + RelevanceSums::kCount).from(1);
    op.run = [&device, plan = std::shared_ptr<LayerPlan>(device.plan_layer(shape)), what, relevance,
              quotients = op.outputs, to = op.scalars] {
      plan->relevance_denominator(what, relevance, quotients);
      *to = device.read(what.sums, RelevanceSums::kCount);
    };
    return op;
  };
  one.expected = [name = one.name, shape, group](Numbers numbers) {
    const Inputs in{name, shape, group, numbers};
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

// The division alone, of a layer without weights.
OpCase quotients(const LinearShape& shape) {
  const Group group{.what = "known",
                    .terms = {{InputMap::identity, false, 1}},
                    .stabiliser = {Stabiliser::Kind::zero_only, 0.25},
                    .known = true,
                    .targets = 2};
  OpCase one = denominator("relevance_quotients", shape, group);
  one.prepare = [name = one.name, shape, group](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, shape, group, numbers};
    const auto of_output = [&](int stream) { return in.tensor(device, stream, shape.output(), shape.layout()); };
    PreparedOp op;
    std::vector<Tensor> relevance;
    for (int k = 0; k < group.targets; ++k) {
      relevance.push_back(of_output(20 + k));
      op.outputs.push_back(make(shape.output(), shape.layout()));
    }
    op.run = [&device, z = of_output(11), stabiliser = group.stabiliser, relevance, quotients = op.outputs,
              sums = device.make_scalars(RelevanceSums::kCount), to = op.scalars] {
      device.relevance_quotients(z, stabiliser, relevance, quotients, sums);
      *to = device.read(sums, RelevanceSums::kCount);
    };
    return op;
  };
  return one;
}

OpCase redistribute(const std::string& operation, const LayerShape& shape, const Group& group) {
  OpCase one = common(operation, shape, group);
  one.prepare = [name = one.name, shape, group](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, shape, group, numbers};
    RelevanceRedistribution what{in.terms(device), in.tensor(device, 0, shape.input(), shape.layout()), group.factor,
                                 group.accumulate};
    PreparedOp op;
    op.outputs = {group.accumulate ? in.tensor(device, 14, shape.input(), shape.layout())
                                   : make(shape.input(), shape.layout())};
    if (group.accumulate) op.in_place = op.outputs;
    what.sums = device.make_scalars(3).from(1);
    op.run = [&device, plan = std::shared_ptr<LayerPlan>(device.plan_layer(shape)), what,
              quotient = in.tensor(device, 13, shape.output(), shape.layout()), relevance = op.outputs[0],
              to = op.scalars] {
      plan->relevance_redistribute(what, quotient, relevance);
      *to = device.read(what.sums, 2);
    };
    return op;
  };
  one.expected = [name = one.name, shape, group](Numbers numbers) {
    const Inputs in{name, shape, group, numbers};
    const auto count = shape.input().count();
    const Values x = in.values(0, count);
    const Result relevance = reference::relevance_redistribute(
        in.layer(), in.reference_terms(), x, double(group.factor), in.values(13, shape.output().count()),
        group.accumulate ? in.values(14, count) : Values{});
    const auto total = [](const Values& values) { return std::accumulate(values.begin(), values.end(), 0.0); };
    double least = *std::min_element(x.begin(), x.end());
    if (shape.is_convolution() && shape.c % 16 != 0) least = std::min(least, 0.0);  // padding, on every device
    const Result sums{{total(relevance.value), least}, {total(relevance.absolute), 0}, relevance.length};
    return std::vector<Result>{relevance, sums};
  };
  return one;
}

}  // namespace

std::vector<OpCase> relevance_cases() {
  const std::vector<LayerShape> shapes{
      Conv2dShape{1, 1, 1, 1, 1},  Conv2dShape{2, 3, 7, 5, 17},  Conv2dShape{1, 17, 2, 2, 33},
      Conv2dShape{3, 16, 6, 9, 8}, Conv2dShape{2, 64, 5, 3, 64}, LinearShape{1, 1, 1},
      LinearShape{2, 3, 5},        LinearShape{5, 17, 1},        LinearShape{3, 130, 67}};
  std::vector<OpCase> cases;
  for (const LinearShape& shape : {LinearShape{1, 1, 1}, LinearShape{3, 17, 17}, LinearShape{9, 40, 40}})
    cases.push_back(quotients(shape));
  const auto append = [&cases](const LayerShape& shape, const Group& group, bool redistributed) {
    const char* const layer = shape.is_convolution() ? "conv2d" : "linear";
    cases.push_back(denominator(fmt::format("relevance_denominator {}", layer), shape, group));
    if (redistributed) cases.push_back(redistribute(fmt::format("relevance_redistribute {}", layer), shape, group));
  };
  for (const auto& group : groups()) {
    for (const auto& shape : shapes) append(shape, group, true);
    // The tiles of the GPU's products that those leave out, with short and with long sums. Only one term has the
    // largest.
    const bool one_term = group.what == "plain";
    if (!one_term && group.what != "signed halves") continue;
    for (const LayerShape& shape : {LayerShape(LinearShape{3, 514, 5}), LayerShape(Conv2dShape{1, 8, 6, 6, 33}),
                                    LayerShape(LinearShape{33, 514, 33})})
      append(shape, group, false);
    if (!one_term) continue;
    cases.push_back(redistribute("relevance_redistribute linear", LinearShape{33, 33, 514}, group));
    for (const LayerShape& shape : {LinearShape{257, 8, 65}, LinearShape{257, 514, 65}}) append(shape, group, false);
  }
  return cases;
}

}  // namespace palimpsest
