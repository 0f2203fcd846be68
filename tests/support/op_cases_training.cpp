#include <fmt/format.h>

#include <cmath>

#include "tests/support/op_cases.h"

namespace palimpsest {

namespace {

using reference::Result;
using reference::Values;

std::vector<int> labels_of(int n, int classes) {
  std::vector<int> labels;
  for (int i = 0; i < n; ++i) labels.push_back((7 * i + 3) % classes);
  return labels;
}

OpCase loss_case(int n, int classes, double gamma, bool weighted) {
  OpCase one;
  one.name = fmt::format("focal_loss n{} classes{} gamma{}{}", n, classes, gamma, weighted ? " weighted" : "");
  one.flops = 20.0 * n * classes;
  one.bytes = 8.0 * n * classes;
  one.exact_on_integers = false;
  FocalLoss loss{gamma, {}};
  for (int j = 0; weighted && j < classes; ++j) loss.class_weights.push_back(0.25F + 0.5F * float(j));
  one.prepare = [name = one.name, n, classes, loss](Device& device, Numbers numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make({n, classes}, Layout::matrix)};
    const auto values = labels_of(n, classes);
    const Tensor labels = device.make({n, 1}, Layout::matrix);
    device.upload(labels, std::vector<float>(values.begin(), values.end()));
    op.run = [&device, loss, labels, gradient = op.outputs[0], to = op.scalars,
              logits = case_tensor(device, name, 0, {n, classes}, Layout::matrix, numbers)] {
      device.focal_loss(loss, logits, labels, &gradient);
      const auto result = device.loss_result().get();
      *to = {result.loss, double(result.correct)};
    };
    return op;
  };
  one.expected = [name = one.name, n, classes, loss](Numbers numbers) {
    const auto labels = labels_of(n, classes);
    const auto result =
        reference::focal_loss(loss, classes, case_values(name, 0, std::int64_t{n} * classes, numbers), labels);
    Result gradient = exactly(result.gradient), scalars = exactly({result.loss, double(result.correct)});
    for (std::size_t i = 0; i < result.gradient.size();
         ++i) {  // a row's gradients sum to 0, so the label's is its scale
      const std::size_t row = i / std::size_t(classes);
      gradient.absolute[i] = std::abs(result.gradient[row * std::size_t(classes) + std::size_t(labels[row])]);
    }
    scalars.absolute[0] = result.loss;
    return std::vector<Result>{gradient, scalars};
  };
  one.derivative_of = [name = one.name, n, classes, loss] {
    return std::vector<Function>{
        {case_values(name, 0, std::int64_t{n} * classes, Numbers::random), [n, classes, loss](const Values& z) {
           return reference::focal_loss(loss, classes, z, labels_of(n, classes)).loss;
         }}};
  };
  return one;
}

// A small, a padded and a large parameter in each of the three layouts that parameters have.
struct ParameterShape {
  Shape shape;
  Layout layout;
};
const std::vector<ParameterShape>& parameter_shapes() {
  static const std::vector<ParameterShape> shapes{{{17, 3, 3, 3}, Layout::kernel}, {{1, 17}, Layout::channels},
                                                  {{70, 999}, Layout::matrix},     {{1, 5}, Layout::matrix},
                                                  {{1, 1}, Layout::matrix},        {{40, 64, 3, 3}, Layout::kernel}};
  return shapes;
}

std::int64_t total_values() {
  std::int64_t total = 0;
  for (const auto& [shape, layout] : parameter_shapes()) total += shape.count();
  return total;
}

// With l2_sp every second parameter has a start.
bool has_start(const SgdOptions& options, int parameter) {
  return options.l2_sp != 0 && parameter % 2 == 0;
}

OpCase sgd_case(const SgdOptions& options) {
  OpCase one;
  one.name = fmt::format("sgd_step rate{} momentum{} decay{} scale{}", options.rate, options.momentum,
                         options.weight_decay, options.gradient_scale);
  if (options.l2_sp != 0) one.name += fmt::format(" l2_sp{}", options.l2_sp);
  if (options.clip_norm != 0) {
    one.name += fmt::format(" clip{}", options.clip_norm);
    one.exact_on_integers = false;
  }
  one.flops = 4.0 * double(total_values());
  one.bytes = (options.momentum != 0 ? 20.0 : 12.0) * double(total_values());
  one.prepare = [name = one.name, options](Device& device, Numbers numbers, const MakeOutput&) {
    PreparedOp op;
    std::vector<SgdParameter> parameters;
    for (const auto& [shape, layout] : parameter_shapes()) {
      const int stream = 4 * int(parameters.size());
      SgdParameter p{case_tensor(device, name, stream, shape, layout, numbers),
                     case_tensor(device, name, stream + 1, shape, layout, numbers),
                     {}};
      if (options.momentum != 0) p.velocity = case_tensor(device, name, stream + 2, shape, layout, numbers);
      op.outputs.push_back(p.value);
      if (options.momentum != 0) op.outputs.push_back(p.velocity);
      if (has_start(options, int(parameters.size())))
        p.start = case_tensor(device, name, stream + 3, shape, layout, numbers);
      parameters.push_back(p);
    }
    op.in_place = op.outputs;
    op.run = [&device, parameters, options, to = op.scalars] {
      *to = {double(device.sgd_step(parameters, options).get())};
    };
    return op;
  };
  one.expected = [name = one.name, given = options](Numbers numbers) {
    std::vector<Result> results;
    int parameter = 0;
    SgdOptions used = given;
    if (given.clip_norm != 0) {
      double squared = 0;
      for (int i = 0; const auto& [shape, layout] : parameter_shapes())
        for (const double g : case_values(name, 4 * i++ + 1, shape.count(), numbers)) squared += g * g;
      used.gradient_scale *= std::min(1.0, given.clip_norm / std::sqrt(squared));
    }
    for (const auto& [shape, layout] : parameter_shapes()) {
      const int stream = 4 * parameter;
      auto value = case_values(name, stream, shape.count(), numbers);
      const auto gradient = case_values(name, stream + 1, shape.count(), numbers);
      auto velocity = used.momentum != 0 ? case_values(name, stream + 2, shape.count(), numbers) : Values{};
      const auto start =
          has_start(used, parameter++) ? case_values(name, stream + 3, shape.count(), numbers) : Values{};
      Values absolute;
      for (std::size_t i = 0; i < value.size(); ++i)
        absolute.push_back(std::abs(value[i]) + std::abs(gradient[i]) + (velocity.empty() ? 0 : std::abs(velocity[i])) +
                           (start.empty() ? 0 : std::abs(start[i])));
      reference::sgd(value, gradient, velocity, start, used);
      results.push_back({value, absolute, 4});
      if (!velocity.empty()) results.push_back({velocity, absolute, 4});
    }
    results.push_back(exactly({-1}));
    return results;
  };
  return one;
}

// The weights' gradient as a product, where the device takes that, else as backward_weights gives it.
OpCase step_of_product(const LayerShape& shape, const SgdOptions& options) {
  OpCase one;
  one.name = fmt::format("sgd_step of product n{} inputs{} outputs{} momentum{} decay{}{}", shape.n, shape.c, shape.k,
                         options.momentum, options.weight_decay,
                         options.l2_sp != 0 ? fmt::format(" l2_sp{}", options.l2_sp) : "");
  one.flops = 2.0 * double(shape.weights().count()) * shape.n;
  one.bytes = (options.momentum != 0 ? 16.0 : 8.0) * double(shape.weights().count());
  one.rounds_factors = true;
  one.prepare = [name = one.name, shape, options](Device& device, Numbers numbers, const MakeOutput&) {
    const auto make = [&](int stream, const Shape& of) {
      return case_tensor(device, name, stream, of, Layout::matrix, numbers);
    };
    const Tensor x = make(0, shape.input()), dy = make(1, shape.output());
    SgdParameter p{make(2, shape.weights()), {}, {}};
    if (options.momentum != 0) p.velocity = make(3, shape.weights());
    if (options.l2_sp != 0) p.start = make(4, shape.weights());
    const std::shared_ptr<LayerPlan> plan = device.plan_layer(shape);
    const Tensor db = device.make(shape.bias(), Layout::matrix);
    const bool product = plan->steps_weights();
    if (product)
      p.product = {plan.get(), x, dy};
    else
      p.gradient = device.make(shape.weights(), Layout::matrix);
    PreparedOp op;
    op.outputs = {p.value};
    if (options.momentum != 0) op.outputs.push_back(p.velocity);
    op.in_place = op.outputs;
    op.outputs.push_back(db);
    op.run = [&device, plan, x, dy, p, db, options, to = op.scalars] {
      plan->backward_weights(x, dy, p.gradient, db);
      *to = {double(device.sgd_step({&p, 1}, options).get())};
    };
    return op;
  };
  one.expected = [name = one.name, shape, options](Numbers numbers) {
    const auto values = [&](int stream, const Shape& of) { return case_values(name, stream, of.count(), numbers); };
    const Values dy = values(1, shape.output());
    Result gradient = reference::layer_backward_weights(shape, values(0, shape.input()), dy);
    Values value = values(2, shape.weights());
    Values velocity = options.momentum != 0 ? values(3, shape.weights()) : Values{};
    const Values start = options.l2_sp != 0 ? values(4, shape.weights()) : Values{};
    Values& absolute = gradient.absolute;
    for (std::size_t i = 0; i < value.size(); ++i)
      absolute[i] += std::abs(value[i]) + (velocity.empty() ? 0 : std::abs(velocity[i])) +
                     (start.empty() ? 0 : std::abs(start[i]));
    reference::sgd(value, gradient.value, velocity, start, options);
    std::vector<Result> results{{value, absolute, gradient.length + 4}};
    if (!velocity.empty()) results.push_back({velocity, absolute, gradient.length + 4});
    results.push_back(reference::layer_backward_bias(shape, dy));
    results.push_back(exactly({-1}));
    return results;
  };
  return one;
}

OpCase norm_case() {
  OpCase one;
  one.name = "gradient_norm";
  one.flops = 2.0 * double(total_values());
  one.bytes = 4.0 * double(total_values());
  one.prepare = [name = one.name](Device& device, Numbers numbers, const MakeOutput&) {
    PreparedOp op;
    std::vector<SgdParameter> parameters;
    for (const auto& [shape, layout] : parameter_shapes())
      parameters.push_back(
          {device.make(shape, layout), case_tensor(device, name, int(parameters.size()), shape, layout, numbers), {}});
    op.run = [&device, parameters, to = op.scalars] {
      const auto norm = device.gradient_norm(parameters);
      *to = {norm.squared, double(norm.not_finite)};
    };
    return op;
  };
  one.expected = [name = one.name](Numbers numbers) {
    double squared = 0;
    int stream = 0;
    for (const auto& [shape, layout] : parameter_shapes())
      for (const double g : case_values(name, stream++, shape.count(), numbers)) squared += g * g;
    Result result = exactly({squared, -1});
    result.absolute[0] = squared * 0x1p-20;  // the sum is kept in double
    return std::vector<Result>{result};
  };
  return one;
}

}  // namespace

std::vector<OpCase> training_cases() {
  std::vector<OpCase> cases;
  for (const double gamma : {0.0, 0.5, 1.0, 2.0, 5.0}) {
    cases.push_back(loss_case(1, 2, gamma, false));
    cases.push_back(loss_case(9, 8, gamma, true));
  }
  cases.push_back(loss_case(3, 1, 2, false));
  cases.push_back(loss_case(33, 17, 5, true));
  // Powers of two keep small integers exact.
  cases.push_back(sgd_case({0.5, 0, 0, 1}));
  cases.push_back(sgd_case({0.5, 0, 0.25, 0.5}));
  cases.push_back(sgd_case({0.25, 0.5, 0, 1}));
  cases.push_back(sgd_case({0.25, 0.5, 0.125, 2}));
  cases.push_back(sgd_case({0.5, 0, 0, 1, 0.25}));
  cases.push_back(sgd_case({0.25, 0.5, 0.125, 2, 0.5}));
  cases.push_back(sgd_case({0.5, 0, 0, 1, 0, 0.75}));          // clips
  cases.push_back(sgd_case({0.25, 0.5, 0.125, 2, 0.5, 1e9}));  // does not
  // More than 64 outputs, rows of whole fours or not.
  cases.push_back(step_of_product(LinearShape{3, 70, 97}, {0.5, 0, 0.25, 1}));
  cases.push_back(step_of_product(LinearShape{7, 136, 130}, {0.25, 0.5, 0.125, 2}));
  cases.push_back(step_of_product(LinearShape{1, 64, 80}, {0.25, 0.5, 0, 1, 0.5}));
  cases.push_back(norm_case());
  return cases;
}

}  // namespace palimpsest
