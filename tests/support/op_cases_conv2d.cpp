#include <fmt/format.h>

#include "tests/support/op_cases.h"

namespace palimpsest {

std::vector<Conv2dShape> convolution_test_shapes() {
  return {
      {1, 1, 1, 1, 1},
      {1, 1, 3, 3, 1},
      {3, 5, 1, 9, 4},
      {2, 3, 7, 5, 17},
      {1, 16, 8, 8, 16},
      {1, 17, 2, 2, 33},
      {2, 15, 13, 11, 31},
      {1, 100, 4, 4, 130},
      {5, 3, 6, 6, 64},
      // On both sides of the CPU's thresholds for Winograd: 64 tiles of 4x4 and 16 * 64 pairs of padded channels.
      {4, 32, 16, 12, 32},
      {4, 32, 16, 16, 32},
      {63, 30, 2, 3, 35},
      {64, 30, 2, 3, 35},
      {4, 3, 17, 15, 64},
      {3, 17, 19, 21, 40},
      {4, 16, 33, 18, 48},
      {4, 16, 33, 18, 65},
      {2, 32, 32, 32, 32},
  };
}

std::vector<Conv2dShape> vgg16_convolutions(int batch, int size) {
  std::vector<Conv2dShape> shapes;
  int channels = 3;
  const int count[] = {2, 2, 3, 3, 3}, width[] = {64, 128, 256, 512, 512};
  for (int block = 0; block < 5; ++block, size /= 2)
    for (int i = 0; i < count[block]; ++i, channels = width[block])
      shapes.push_back({batch, channels, size, size, width[block]});
  return shapes;
}

namespace {

using reference::Result;

// Inputs by number: 0 x, 1 w, 2 b, 3 dy.
struct Inputs {
  std::string name;
  Conv2dShape shape;
  Numbers numbers;
  auto x() const { return case_values(name, 0, shape.input().count(), numbers); }
  auto w() const { return case_values(name, 1, shape.kernel().count(), numbers); }
  auto b() const { return case_values(name, 2, shape.k, numbers); }
  auto dy() const { return case_values(name, 3, shape.output().count(), numbers); }
  Tensor x(Device& d) const { return case_tensor(d, name, 0, shape.input(), Layout::activation, numbers); }
  Tensor w(Device& d) const { return case_tensor(d, name, 1, shape.kernel(), Layout::kernel, numbers); }
  Tensor b(Device& d) const { return case_tensor(d, name, 2, {1, shape.k}, Layout::channels, numbers); }
  Tensor dy(Device& d) const { return case_tensor(d, name, 3, shape.output(), Layout::activation, numbers); }
};

OpCase common(const std::string& operation, const Conv2dShape& s, ConvolutionPass pass) {
  OpCase one;
  one.name = fmt::format("{} n{} c{} h{} w{} k{}", operation, s.n, s.c, s.h, s.w, s.k);
  one.flops = 2.0 * double(s.kernel().count()) * s.n * s.h * s.w;
  one.bytes = 4.0 * double(s.input().count() + s.output().count() + s.kernel().count());
  one.rounds_factors = true;
  one.convolution = s;
  one.pass = pass;
  return one;
}

OpCase forward(const Conv2dShape& s, bool relu) {
  OpCase one = common(relu ? "conv2d_forward_relu" : "conv2d_forward", s, ConvolutionPass::forward);
  one.prepare = [name = one.name, s, relu](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.output(), Layout::activation)};
    std::shared_ptr<Conv2dPlan> plan = device.plan_conv2d(s);
    op.run = [plan, relu, x = in.x(device), w = in.w(device), b = in.b(device), y = op.outputs[0]] {
      plan->forward(x, w, b, relu, y);
    };
    return op;
  };
  one.expected = [name = one.name, s, relu](Numbers numbers) {
    const Inputs in{name, s, numbers};
    return std::vector<Result>{reference::conv2d_forward(s, in.x(), in.w(), in.b(), relu)};
  };
  return one;
}

OpCase backward_data(const Conv2dShape& s) {
  OpCase one = common("conv2d_backward_data", s, ConvolutionPass::backward_data);
  one.prepare = [name = one.name, s](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.input(), Layout::activation)};
    std::shared_ptr<Conv2dPlan> plan = device.plan_conv2d(s);
    op.run = [plan, dy = in.dy(device), w = in.w(device), dx = op.outputs[0]] { plan->backward_data(dy, w, dx); };
    return op;
  };
  one.expected = [name = one.name, s](Numbers numbers) {
    const Inputs in{name, s, numbers};
    return std::vector<Result>{reference::conv2d_backward_data(s, in.dy(), in.w())};
  };
  return one;
}

OpCase backward_weights(const Conv2dShape& s) {
  OpCase one = common("conv2d_backward_weights", s, ConvolutionPass::backward_weights);
  one.prepare = [name = one.name, s](Device& device, Numbers numbers, const MakeOutput& make) {
    const Inputs in{name, s, numbers};
    PreparedOp op;
    op.outputs = {make(s.kernel(), Layout::kernel), make({1, s.k}, Layout::channels)};
    std::shared_ptr<Conv2dPlan> plan = device.plan_conv2d(s);
    op.run = [plan, x = in.x(device), dy = in.dy(device), dw = op.outputs[0], db = op.outputs[1]] {
      plan->backward_weights(x, dy, dw, db);
    };
    return op;
  };
  one.expected = [name = one.name, s](Numbers numbers) {
    const Inputs in{name, s, numbers};
    return std::vector<Result>{reference::conv2d_backward_weights(s, in.x(), in.dy()),
                               reference::conv2d_backward_bias(s, in.dy())};
  };
  return one;
}

}  // namespace

std::vector<OpCase> convolution_cases(const std::vector<Conv2dShape>& shapes) {
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
