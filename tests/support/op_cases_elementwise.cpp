#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "tests/support/op_cases.h"

namespace palimpsest {

namespace {

using reference::Result;
using reference::Values;

std::string name_of(const std::string& operation, const Shape& s, Layout layout = Layout::activation) {
  const char* const layouts[] = {"activation", "kernel", "matrix", "channels", "winners"};
  return fmt::format("{} {} n{} c{} h{} w{}", operation, layouts[int(layout)], s.n, s.c, s.h, s.w);
}

OpCase common(const std::string& name, const Shape& s, double touches) {
  OpCase one;
  one.name = name;
  one.flops = double(s.count());
  one.bytes = 4.0 * touches * double(s.count());
  return one;
}

Shape pooled(const Shape& s) {
  return {s.n, s.c, s.h / 2, s.w / 2};
}

OpCase pool_forward(const Shape& in) {
  OpCase one = common(name_of("max_pool_forward", in), in, 1.25);
  one.prepare = [name = one.name, in](Device& device, Numbers numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make(pooled(in), Layout::activation)};
    std::shared_ptr<MaxPoolPlan> plan = device.plan_max_pool(in);
    op.run = [plan, x = case_tensor(device, name, 0, in, Layout::activation, numbers),
              winner = device.make(pooled(in), Layout::winners), y = op.outputs[0]] { plan->forward(x, y, winner); };
    return op;
  };
  one.expected = [name = one.name, in](Numbers numbers) {
    return std::vector<Result>{exactly(reference::max_pool(in, case_values(name, 0, in.count(), numbers)).value)};
  };
  return one;
}

// Forward and backward, since only the device can read the winners. On small integers most windows hold a tie.
OpCase pool_backward(const Shape& in, bool relu) {
  OpCase one = common(name_of(relu ? "max_pool_backward_relu" : "max_pool_backward", in), in, 2.5);
  one.prepare = [name = one.name, in, relu](Device& device, Numbers numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make(in, Layout::activation)};
    std::shared_ptr<MaxPoolPlan> plan = device.plan_max_pool(in);
    op.run = [plan, relu, x = case_tensor(device, name, 0, in, Layout::activation, numbers),
              dy = case_tensor(device, name, 1, pooled(in), Layout::activation, numbers),
              winner = device.make(pooled(in), Layout::winners), y = device.make(pooled(in), Layout::activation),
              dx = op.outputs[0]] {
      plan->forward(x, y, winner);
      plan->backward(dy, winner, relu ? y : Tensor{}, dx);
    };
    return op;
  };
  one.expected = [name = one.name, in, relu](Numbers numbers) {
    const auto y = reference::max_pool(in, case_values(name, 0, in.count(), numbers));
    const auto dy = case_values(name, 1, pooled(in).count(), numbers);
    return std::vector<Result>{exactly(reference::max_pool_backward(in, dy, y.winner, relu ? y.value : Values{}))};
  };
  // With the ReLU: of sum(dy * max_pool(max(x, 0))), as in the network.
  one.derivative_of = [name = one.name, in, relu] {
    const auto dy = case_values(name, 1, pooled(in).count(), Numbers::random);
    return std::vector<Function>{{case_values(name, 0, in.count(), Numbers::random), [in, relu, dy](Values x) {
                                    if (relu) reference::cut_negative(x);
                                    return dot(dy, reference::max_pool(in, x).value);
                                  }}};
  };
  return one;
}

OpCase average_pool(const Shape& in) {
  OpCase one = common(name_of("average_pool", in), in, 1);
  one.exact_on_integers = std::has_single_bit(unsigned(in.h * in.w));
  one.prepare = [name = one.name, in](Device& device, Numbers numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make({in.n, in.c}, Layout::matrix)};
    op.run = [&device, x = case_tensor(device, name, 0, in, Layout::activation, numbers), y = op.outputs[0]] {
      device.average_pool(x, y);
    };
    return op;
  };
  one.expected = [name = one.name, in](Numbers numbers) {
    return std::vector<Result>{reference::average_pool(in, case_values(name, 0, in.count(), numbers))};
  };
  return one;
}

// The gradient, and relevance, which is x times that of the quotients.
OpCase average_pool_backward(const Shape& in, bool relevance) {
  OpCase one =
      common(name_of(relevance ? "average_pool_relevance" : "average_pool_backward", in), in, relevance ? 2 : 1);
  one.exact_on_integers = std::has_single_bit(unsigned(in.h * in.w));
  one.prepare = [name = one.name, in, relevance](Device& device, Numbers numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make(in, Layout::activation)};
    op.run = [&device, x = relevance ? case_tensor(device, name, 0, in, Layout::activation, numbers) : Tensor{},
              dy = case_tensor(device, name, 1, {in.n, in.c}, Layout::matrix, numbers),
              dx = op.outputs[0]] { device.average_pool_backward(dy, x, dx); };
    return op;
  };
  one.expected = [name = one.name, in, relevance](Numbers numbers) {
    const Values x = relevance ? case_values(name, 0, in.count(), numbers) : Values{};
    return std::vector<Result>{
        reference::average_pool_backward(in, case_values(name, 1, std::int64_t{in.n} * in.c, numbers), x)};
  };
  if (relevance) return one;
  one.derivative_of = [name = one.name, in] {
    const auto dy = case_values(name, 1, std::int64_t{in.n} * in.c, Numbers::random);
    return std::vector<Function>{{case_values(name, 0, in.count(), Numbers::random),
                                  [in, dy](const Values& x) { return dot(dy, reference::average_pool(in, x).value); }}};
  };
  return one;
}

OpCase take_images(const Shape& s, const std::vector<float>& images) {
  Shape taken = s;
  taken.n = int(images.size());
  OpCase one = common(name_of("take_images", s) + fmt::format(" count{}", images.size()), taken, 2);
  one.prepare = [name = one.name, s, taken, images](Device& device, Numbers numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make(taken, Layout::activation)};
    op.run = [&device, from = case_tensor(device, name, 0, s, Layout::activation, numbers),
              images = device.make({taken.n, 1}, Layout::matrix, images),
              to = op.outputs[0]] { device.take_images(from, images, to); };
    return op;
  };
  one.expected = [name = one.name, s, images](Numbers numbers) {
    const Values from = case_values(name, 0, s.count(), numbers);
    const auto size = std::ptrdiff_t(from.size()) / s.n;
    Values to;
    for (const float image : images)
      to.insert(to.end(), from.begin() + std::ptrdiff_t(image) * size, from.begin() + std::ptrdiff_t(image + 1) * size);
    return std::vector<Result>{exactly(to)};
  };
  return one;
}

OpCase put_images(const Shape& s, int all, int first) {
  Shape whole = s;
  whole.n = all;
  OpCase one = common(name_of("put_images", s) + fmt::format(" of{} at{}", all, first), s, 2);
  one.prepare = [name = one.name, s, whole, first](Device& device, Numbers numbers, const MakeOutput&) {
    PreparedOp op;
    op.outputs = {case_tensor(device, name, 1, whole, Layout::activation, numbers)};
    op.in_place = op.outputs;
    op.run = [&device, first, from = case_tensor(device, name, 0, s, Layout::activation, numbers), to = op.outputs[0]] {
      device.put_images(from, to, first);
    };
    return op;
  };
  one.expected = [name = one.name, s, whole, first](Numbers numbers) {
    const Values from = case_values(name, 0, s.count(), numbers);
    Values to = case_values(name, 1, whole.count(), numbers);
    std::ranges::copy(from, to.begin() + std::ptrdiff_t(from.size()) / s.n * first);
    return std::vector<Result>{exactly(to)};
  };
  return one;
}

OpCase add(const Shape& s, Layout layout) {
  OpCase one = common(name_of("add", s, layout), s, 3);
  one.prepare = [name = one.name, s, layout](Device& device, Numbers numbers, const MakeOutput&) {
    PreparedOp op;
    op.outputs = {case_tensor(device, name, 1, s, layout, numbers)};
    op.in_place = op.outputs;
    op.run = [&device, from = case_tensor(device, name, 0, s, layout, numbers), to = op.outputs[0]] {
      device.add(from, to);
    };
    return op;
  };
  one.expected = [name = one.name, s](Numbers numbers) {
    const Values from = case_values(name, 0, s.count(), numbers);
    Values to = case_values(name, 1, s.count(), numbers), absolute;
    for (std::size_t i = 0; i < to.size(); ++i) {
      absolute.push_back(std::abs(from[i]) + std::abs(to[i]));
      to[i] += from[i];
    }
    return std::vector<Result>{{to, absolute, 1}};
  };
  return one;
}

// Activation to matrix and back, and a copy of each to the same layout.
OpCase copy(const Shape& from, Layout from_layout, const Shape& to, Layout to_layout) {
  OpCase one = common(name_of("copy", from, from_layout) + (to_layout == from_layout ? "" : " to the other"), from, 2);
  one.prepare = [name = one.name, from, from_layout, to, to_layout](Device& device, Numbers numbers,
                                                                    const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make(to, to_layout)};
    op.run = [&device, x = case_tensor(device, name, 0, from, from_layout, numbers), y = op.outputs[0]] {
      device.copy(x, y);
    };
    return op;
  };
  one.expected = [name = one.name, from](Numbers numbers) {
    return std::vector<Result>{exactly(case_values(name, 0, from.count(), numbers))};
  };
  return one;
}

OpCase fill(const Shape& s, Layout layout, float value) {
  OpCase one = common(name_of(value == 0 ? "fill zero" : "fill", s, layout), s, 1);
  one.may_be_zero = value == 0;
  one.prepare = [s, layout, value](Device& device, Numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make(s, layout)};
    op.run = [&device, value, y = op.outputs[0]] { device.fill(y, value); };
    return op;
  };
  one.expected = [s, value](Numbers) {
    return std::vector<Result>{exactly(Values(std::size_t(s.count()), double(value)))};
  };
  return one;
}

OpCase map_weights(const Shape& s, Layout layout, WeightMap map) {
  OpCase one = common(name_of(fmt::format("map_weights {}", int(map)), s, layout), s, 2);
  constexpr double gamma = 0.25;
  one.prepare = [name = one.name, s, layout, map](Device& device, Numbers numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make(s, layout)};
    op.run = [&device, map, w = case_tensor(device, name, 0, s, layout, numbers), to = op.outputs[0]] {
      device.map_weights(w, map, gamma, to);
    };
    return op;
  };
  one.expected = [name = one.name, s, map](Numbers numbers) {
    return std::vector<Result>{relative(reference::map_weights(case_values(name, 0, s.count(), numbers), map, gamma))};
  };
  return one;
}

OpCase sum(const Shape& s, Layout layout) {
  OpCase one = common(name_of("sum", s, layout), s, 1);
  one.prepare = [name = one.name, s, layout](Device& device, Numbers numbers, const MakeOutput&) {
    PreparedOp op;
    op.run = [&device, x = case_tensor(device, name, 0, s, layout, numbers), to = op.scalars] {
      *to = {device.sum(x)};
    };
    return op;
  };
  one.expected = [name = one.name, s](Numbers numbers) {
    const auto x = case_values(name, 0, s.count(), numbers);
    Result result = exactly({std::accumulate(x.begin(), x.end(), 0.0)});
    for (const double v : x) result.absolute[0] += std::abs(v) * 0x1p-29;  // the sum is kept in double
    return std::vector<Result>{result};
  };
  return one;
}

}  // namespace

std::vector<OpCase> max_pool_cases(const std::vector<Shape>& inputs) {
  std::vector<OpCase> cases;
  for (const auto& in : inputs) {
    cases.push_back(pool_forward(in));
    cases.push_back(pool_backward(in, false));
    cases.push_back(pool_backward(in, true));
  }
  return cases;
}

std::vector<OpCase> average_pool_cases(const std::vector<Shape>& inputs) {
  std::vector<OpCase> cases;
  for (const auto& in : inputs) {
    cases.push_back(average_pool(in));
    for (const bool relevance : {false, true}) cases.push_back(average_pool_backward(in, relevance));
  }
  return cases;
}

std::vector<OpCase> elementwise_cases() {
  std::vector<OpCase> cases;
  for (const Shape& s : {Shape{1, 1, 1, 1}, Shape{2, 17, 3, 5}, Shape{3, 32, 4, 4}}) {
    const Shape flat{s.n, s.c * s.h * s.w};
    cases.push_back(add(s, Layout::activation));
    cases.push_back(add(flat, Layout::matrix));
    cases.push_back(copy(s, Layout::activation, flat, Layout::matrix));
    cases.push_back(copy(flat, Layout::matrix, s, Layout::activation));
    cases.push_back(copy(s, Layout::activation, s, Layout::activation));
    cases.push_back(copy(flat, Layout::matrix, flat, Layout::matrix));
    for (const float value : {0.0F, 1.5F}) {
      cases.push_back(fill(s, Layout::activation, value));
      cases.push_back(fill(flat, Layout::matrix, value));
      cases.push_back(fill({1, s.c}, Layout::channels, value));
    }
    cases.push_back(sum(flat, Layout::matrix));
  }
  cases.push_back(take_images({5, 3, 2, 2}, {4, 0, 0, 2}));
  cases.push_back(take_images({2, 512, 7, 7}, {1}));
  cases.push_back(put_images({2, 17, 2, 3}, 5, 0));
  cases.push_back(put_images({2, 17, 2, 3}, 5, 3));
  cases.push_back(sum({3, 17, 40, 40}, Layout::activation));
  // Enough for several values a thread on the GPU, and three beyond a multiple of four.
  cases.push_back(sum({1, 1650003}, Layout::matrix));
  cases.push_back(add({19, 5, 3, 3}, Layout::kernel));
  cases.push_back(add({1, 21}, Layout::channels));
  for (const auto map : {WeightMap::identity, WeightMap::positive, WeightMap::negative, WeightMap::gamma_positive,
                         WeightMap::gamma_negative, WeightMap::square, WeightMap::ones}) {
    cases.push_back(map_weights({19, 5, 3, 3}, Layout::kernel, map));
    cases.push_back(map_weights({7, 33}, Layout::matrix, map));
    cases.push_back(map_weights({1, 21}, Layout::channels, map));
  }
  return cases;
}

}  // namespace palimpsest
