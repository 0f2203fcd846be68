#include <fmt/format.h>

#include "tests/support/op_cases.h"

namespace palimpsest {

namespace {

using reference::Result;

// Inputs by number: 0 x, 1 w, 2 b, 3 dy.
struct Inputs {
  std::string name;
  LinearShape shape;
  Numbers numbers;
  auto x() const { return case_values(name, 0, shape.input().count(), numbers); }
  auto w() const { return case_values(name, 1, shape.weights().count(), numbers); }
  auto b() const { return case_values(name, 2, shape.outputs, numbers); }
  auto dy() const { return case_values(name, 3, shape.output().count(), numbers); }
  Tensor x(Device& d) const { return case_tensor(d, name, 0, shape.input(), Layout::matrix, numbers); }
  Tensor w(Device& d) const { return case_tensor(d, name, 1, shape.weights(), Layout::matrix, numbers); }
  Tensor b(Device& d) const { return case_tensor(d, name, 2, {1, shape.outputs}, Layout::matrix, numbers); }
  Tensor dy(Device& d) const { return case_tensor(d, name, 3, shape.output(), Layout::matrix, numbers); }
};

OpCase common(const std::string& operation, const LinearShape& s) {
  OpCase one;
  one.name = fmt::format("{} n{} inputs{} outputs{}", operation, s.n, s.inputs, s.outputs);
  one.rounds_factors = true;
  one.flops = 2.0 * double(s.weights().count()) * s.n;
  one.bytes = 4.0 * double(s.input().count() + s.output().count() + s.weights().count());
  return one;
}

OpCase forward(const LinearShape& s, bool relu) {
  OpCase one = common(relu ? "linear_forward_relu" : "linear_forward", s);
  one.prepare = [name = one.name, s, relu](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.output(), Layout::matrix)};
    std::shared_ptr<LinearPlan> plan = device.plan_linear(s);
    op.run = [plan, relu, x = in.x(device), w = in.w(device), b = in.b(device), y = op.outputs[0]] {
      plan->forward(x, w, b, relu, y);
    };
    return op;
  };
  one.expected = [name = one.name, s, relu](Numbers numbers) {
    const Inputs in{name, s, numbers};
    return std::vector<Result>{reference::linear_forward(s, in.x(), in.w(), in.b(), relu)};
  };
  return one;
}

OpCase backward_data(const LinearShape& s) {
  OpCase one = common("linear_backward_data", s);
  one.prepare = [name = one.name, s](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.input(), Layout::matrix)};
    std::shared_ptr<LinearPlan> plan = device.plan_linear(s);
    op.run = [plan, dy = in.dy(device), w = in.w(device), dx = op.outputs[0]] { plan->backward_data(dy, w, dx); };
    return op;
  };
  one.expected = [name = one.name, s](Numbers numbers) {
    const Inputs in{name, s, numbers};
    return std::vector<Result>{reference::linear_backward_data(s, in.dy(), in.w())};
  };
  return one;
}

OpCase backward_weights(const LinearShape& s) {
  OpCase one = common("linear_backward_weights", s);
  one.prepare = [name = one.name, s](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.weights(), Layout::matrix), make({1, s.outputs}, Layout::matrix)};
    std::shared_ptr<LinearPlan> plan = device.plan_linear(s);
    op.run = [plan, x = in.x(device), dy = in.dy(device), dw = op.outputs[0], db = op.outputs[1]] {
      plan->backward_weights(x, dy, dw, db);
    };
    return op;
  };
  one.expected = [name = one.name, s](Numbers numbers) {
    const Inputs in{name, s, numbers};
    return std::vector<Result>{reference::linear_backward_weights(s, in.x(), in.dy()),
                               reference::linear_backward_bias(s, in.dy())};
  };
  return one;
}

}  // namespace

std::vector<OpCase> linear_cases(const std::vector<LinearShape>& shapes) {
  std::vector<OpCase> cases;
  for (const auto& shape : shapes) {
    cases.push_back(forward(shape, false));
    cases.push_back(forward(shape, true));
    cases.push_back(backward_data(shape));
    cases.push_back(backward_weights(shape));
  }
  return cases;
}

}  // namespace palimpsest
