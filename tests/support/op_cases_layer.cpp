#include <fmt/format.h>

#include "tests/support/op_cases.h"

namespace palimpsest {

std::vector<LayerShape> convolution_test_shapes() {
  return {
      Conv2dShape{1, 1, 1, 1, 1},
      Conv2dShape{1, 1, 3, 3, 1},
      Conv2dShape{3, 5, 1, 9, 4},
      Conv2dShape{2, 3, 7, 5, 17},
      Conv2dShape{1, 16, 8, 8, 16},
      Conv2dShape{1, 17, 2, 2, 33},
      Conv2dShape{2, 15, 13, 11, 31},
      Conv2dShape{1, 100, 4, 4, 130},
      Conv2dShape{5, 3, 6, 6, 64},
      // On both sides of the CPU's thresholds for Winograd: 64 tiles of 4x4 and 16 * 64 pairs of padded channels.
      Conv2dShape{4, 32, 16, 12, 32},
      Conv2dShape{4, 32, 16, 16, 32},
      Conv2dShape{63, 30, 2, 3, 35},
      Conv2dShape{64, 30, 2, 3, 35},
      Conv2dShape{4, 3, 17, 15, 64},
      Conv2dShape{3, 17, 19, 21, 40},
      Conv2dShape{4, 16, 33, 18, 48},
      Conv2dShape{4, 16, 33, 18, 65},
      Conv2dShape{2, 32, 32, 32, 32},
  };
}

namespace {

using reference::Result;
using reference::Values;

// Inputs by number: 0 x, 1 w, 2 b, 3 dy.
struct Inputs {
  std::string name;
  LayerShape shape;
  Numbers numbers;
  auto x() const { return case_values(name, 0, shape.input().count(), numbers); }
  auto w() const { return case_values(name, 1, shape.weights().count(), numbers); }
  auto b() const { return case_values(name, 2, shape.k, numbers); }
  auto dy() const { return case_values(name, 3, shape.output().count(), numbers); }
  Tensor x(Device& d) const { return case_tensor(d, name, 0, shape.input(), shape.layout(), numbers); }
  Tensor w(Device& d) const { return case_tensor(d, name, 1, shape.weights(), shape.weights_layout(), numbers); }
  Tensor b(Device& d) const { return case_tensor(d, name, 2, shape.bias(), shape.vector_layout(), numbers); }
  Tensor dy(Device& d) const { return case_tensor(d, name, 3, shape.output(), shape.layout(), numbers); }
};

OpCase common(const std::string& what, const LayerShape& s, LayerPass pass) {
  OpCase one;
  one.name = s.is_convolution() ? fmt::format("conv2d_{} n{} c{} h{} w{} k{}", what, s.n, s.c, s.h, s.w, s.k)
                                : fmt::format("linear_{} n{} inputs{} outputs{}", what, s.n, s.c, s.k);
  one.flops = 2.0 * double(s.weights().count()) * s.n * s.h * s.w;
  one.bytes = 4.0 * double(s.input().count() + s.output().count() + s.weights().count());
  one.rounds_factors = true;
  one.layer = s;
  one.pass = pass;
  return one;
}

OpCase forward(const LayerShape& s, bool relu) {
  OpCase one = common(relu ? "forward_relu" : "forward", s, LayerPass::forward);
  one.prepare = [name = one.name, s, relu](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.output(), s.layout())};
    std::shared_ptr<LayerPlan> plan = device.plan_layer(s);
    op.run = [plan, relu, x = in.x(device), w = in.w(device), b = in.b(device), y = op.outputs[0]] {
      plan->forward(x, w, b, relu, y);
    };
    return op;
  };
  one.expected = [name = one.name, s, relu](Numbers numbers) {
    const Inputs in{name, s, numbers};
    return std::vector<Result>{reference::layer_forward(s, in.x(), in.w(), in.b(), relu)};
  };
  return one;
}

// sum(dy * y), of which the backward passes are the derivatives, as a function of one of the inputs.
struct Weighted {
  LayerShape shape;
  Values x, w, b, dy;
  explicit Weighted(const Inputs& in) : shape(in.shape), x(in.x()), w(in.w()), b(in.b()), dy(in.dy()) {}
  Function of(Values Weighted::* input) const {
    return {this->*input, [all = *this, input](const Values& at) mutable {
              all.*input = at;
              return dot(all.dy, reference::layer_forward(all.shape, all.x, all.w, all.b, false).value);
            }};
  }
};

// relu: through the ReLU that put out x.
OpCase backward_data(const LayerShape& s, bool relu) {
  OpCase one = common(relu ? "backward_data_relu" : "backward_data", s, LayerPass::backward_data);
  one.prepare = [name = one.name, s, relu](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.input(), s.layout())};
    std::shared_ptr<LayerPlan> plan = device.plan_layer(s);
    op.run = [plan, dy = in.dy(device), w = in.w(device), x = relu ? in.x(device) : Tensor{}, dx = op.outputs[0]] {
      plan->backward_data(dy, w, x, dx);
    };
    return op;
  };
  one.expected = [name = one.name, s, relu](Numbers numbers) {
    const Inputs in{name, s, numbers};
    Result result = reference::layer_backward_data(s, in.dy(), in.w());
    if (relu) result.value = reference::relu_backward(in.x(), result.value);
    return std::vector<Result>{result};
  };
  one.derivative_of = [in = Inputs{one.name, s, Numbers::random}, relu] {
    Function function = Weighted(in).of(&Weighted::x);
    if (relu)
      function.value = [of_output = function.value](Values x) {
        reference::cut_negative(x);
        return of_output(x);
      };
    return std::vector{function};
  };
  return one;
}

OpCase backward_weights(const LayerShape& s) {
  OpCase one = common("backward_weights", s, LayerPass::backward_weights);
  one.prepare = [name = one.name, s](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.weights(), s.weights_layout()), make(s.bias(), s.vector_layout())};
    std::shared_ptr<LayerPlan> plan = device.plan_layer(s);
    op.run = [plan, x = in.x(device), dy = in.dy(device), dw = op.outputs[0], db = op.outputs[1]] {
      plan->backward_weights(x, dy, dw, db);
    };
    return op;
  };
  one.expected = [name = one.name, s](Numbers numbers) {
    const Inputs in{name, s, numbers};
    return std::vector<Result>{reference::layer_backward_weights(s, in.x(), in.dy()),
                               reference::layer_backward_bias(s, in.dy())};
  };
  one.derivative_of = [in = Inputs{one.name, s, Numbers::random}] {
    return std::vector{Weighted(in).of(&Weighted::w), Weighted(in).of(&Weighted::b)};
  };
  return one;
}

}  // namespace

std::vector<OpCase> layer_cases(const std::vector<LayerShape>& shapes) {
  std::vector<OpCase> cases;
  for (const auto& shape : shapes) {
    cases.push_back(forward(shape, false));
    cases.push_back(forward(shape, true));
    cases.push_back(backward_data(shape, false));
    cases.push_back(backward_data(shape, true));
    cases.push_back(backward_weights(shape));
  }
  return cases;
}

}  // namespace palimpsest
