#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "base/error.h"
#include "tests/support/test_devices.h"

// A product reads the values that its operands have now, whichever operation wrote them last, and whether that was
// recorded: a device that keeps other forms of them beside makes them anew.
namespace palimpsest {
namespace {

using Write = std::function<void(const Tensor&)>;

class CurrentValues : public testing::TestWithParam<TestDevice> {
 protected:
  std::unique_ptr<Device> device_ = GetParam().make();
  const Conv2dShape shape_{2, 16, 6, 8, 8};
  std::unique_ptr<LayerPlan> plan_ = device_->plan_layer(shape_);
  const Shape activation_ = shape_.input();

  Tensor tensor(int stream, const Shape& shape, Layout layout = Layout::activation) {
    return case_tensor(*device_, "current values", stream, shape, layout, Numbers::random);
  }

  // Two products of x: with w, and the gradient of w, which reads x in another way.
  std::vector<float> product(const Tensor& x, const Tensor& w) {
    const Tensor b = device_->make(shape_.bias(), Layout::channels), y = device_->make(shape_.output(), x.layout);
    const Tensor dw = device_->make(shape_.weights(), Layout::kernel),
                 db = device_->make(shape_.bias(), Layout::channels);
    plan_->forward(x, w, b, false, y);
    plan_->backward_weights(x, y, dw, db);
    std::vector<float> all = device_->download(y);
    for (const float value : device_->download(dw)) all.push_back(value);
    return all;
  }
  Tensor copy_of(const Tensor& tensor) { return device_->make(tensor.shape, tensor.layout, device_->download(tensor)); }
  void expect_current(const Tensor& x, const Tensor& w, const std::string& after) {
    EXPECT_EQ(product(x, w), product(copy_of(x), copy_of(w))) << after;
  }
  // `write` changes x (or w), at once or as a recording.
  void expect_current_after(const std::string& name, const Tensor& changed, const Tensor& x, const Tensor& w,
                            const Write& write, bool recorded = true) {
    for (const int time : {1, 2}) {
      device_->fill(changed, 0.5F);
      const std::vector<float> before = product(x, w);
      write(changed);
      EXPECT_NE(product(x, w), before) << name << " changes nothing";
      expect_current(x, w, name + ", time " + std::to_string(time));
    }
    if (!recorded) return;
    const auto recording = device_->record([&] { write(changed); });
    for (const int time : {1, 2}) {
      device_->fill(changed, 0.5F);
      expect_current(x, w, "fill");
      recording->run();
      expect_current(x, w, name + ", recorded, run " + std::to_string(time));
    }
    device_->fill(changed, 0.5F);
    write(changed);
    recording->run();
    expect_current(x, w, name + ", at once, then recorded");
  }
};

TEST_P(CurrentValues, OfActivations) {
  const Tensor x = device_->make(activation_, Layout::activation), w = tensor(1, shape_.weights(), Layout::kernel);
  const Tensor other = tensor(2, activation_), third = tensor(3, activation_);
  const auto expect = [&](const std::string& name, const Write& write, bool recorded = true) {
    expect_current_after(name, x, x, w, write, recorded);
  };
  expect("upload", [&](const Tensor& to) { device_->upload(to, device_->download(other)); }, false);
  expect("copy", [&](const Tensor& to) { device_->copy(other, to); });
  expect("add", [&](const Tensor& to) { device_->add(other, to); });
  expect(
      "average_pool_backward",
      [&](const Tensor& to) { device_->average_pool_backward(tensor(4, {2, 16}, Layout::matrix), other, to); }, false);

  const Conv2dShape before{2, 8, 6, 8, 16};
  const auto first = device_->plan_layer(before);
  const Tensor v = tensor(5, before.weights(), Layout::kernel), b = tensor(6, before.bias(), Layout::channels);
  const Tensor z = tensor(7, before.input());
  expect("forward", [&](const Tensor& to) { first->forward(z, v, b, true, to); });
  const Conv2dShape after{2, 16, 6, 8, 24};
  const auto second = device_->plan_layer(after);
  const Tensor dy = tensor(8, after.output()), u = tensor(9, after.weights(), Layout::kernel);
  expect("backward_data", [&](const Tensor& to) { second->backward_data(dy, u, {}, to); });
  expect("backward_data through a ReLU", [&](const Tensor& to) { second->backward_data(dy, u, other, to); });

  const Shape large{2, 16, 12, 16}, small{2, 16, 3, 4};
  const auto to_here = device_->plan_max_pool(large), from_here = device_->plan_max_pool(activation_);
  const Tensor unpooled = tensor(10, large), winner = device_->make(activation_, Layout::winners);
  expect("max-pool", [&](const Tensor& to) { to_here->forward(unpooled, to, winner); });
  const Tensor pooled = tensor(11, small), won = device_->make(small, Layout::winners);
  from_here->forward(third, device_->make(small, Layout::activation), won);
  expect("max-pool, backward", [&](const Tensor& to) { from_here->backward(pooled, won, {}, to); });

  RelevanceDenominator denominator;
  denominator.known = third;
  denominator.stabiliser.epsilon = 0.25;
  denominator.terms = {{InputMap::identity, {}, v, b, 1}};
  const Tensor relevance = tensor(12, activation_);
  const auto divide = [&](const Tensor& to) {
    first->relevance_denominator(denominator, std::span(&relevance, 1), std::span(&to, 1));
  };
  expect("relevance_denominator", divide);
  denominator.known = {};
  denominator.x = z;
  expect("relevance_denominator with a product", divide);
  const RelevanceRedistribution redistribution{{{InputMap::identity, {}, u, {}, 1}}, other};
  const auto redistribute = [&](const Tensor& to) { second->relevance_redistribute(redistribution, dy, to); };
  expect("relevance_redistribute", redistribute, false);  // by a library it takes memory
}

TEST_P(CurrentValues, OfWeights) {
  const Tensor x = tensor(1, activation_), w = device_->make(shape_.weights(), Layout::kernel);
  const Tensor other = tensor(2, shape_.weights(), Layout::kernel), velocity = device_->make(w.shape, w.layout),
               start = tensor(3, shape_.weights(), Layout::kernel);
  const auto expect = [&](const std::string& name, const Write& write, bool recorded = true) {
    expect_current_after(name, w, x, w, write, recorded);
  };
  expect("upload", [&](const Tensor& to) { device_->upload(to, device_->download(other)); }, false);
  expect("copy", [&](const Tensor& to) { device_->copy(other, to); });
  expect("map_weights", [&](const Tensor& to) { device_->map_weights(other, WeightMap::positive, 0, to); });
  const auto step = [&](const Tensor& to) {
    const SgdParameter parameter{to, other, velocity};
    device_->sgd_step(std::span(&parameter, 1), {.rate = 0.1, .momentum = 0.9});
  };
  expect("sgd_step", step);
  const auto clipped = [&](const Tensor& to) {
    const SgdParameter parameter{to, other, velocity};
    device_->sgd_step(std::span(&parameter, 1), {.rate = 0.1, .clip_norm = 1});
  };
  expect("sgd_step, clipped", clipped);
  const auto from_start = [&](const Tensor& to) {
    const SgdParameter parameter{to, other, {}, start};
    device_->sgd_step(std::span(&parameter, 1), {.rate = 0.1, .l2_sp = 0.5});
  };
  expect("sgd_step with a start", from_start);

  // A step that changes nothing, as a gradient is not finite.
  product(x, w);
  device_->upload(w, device_->download(other));
  const Tensor infinite = device_->make(w.shape, w.layout);
  device_->fill(infinite, std::numeric_limits<float>::infinity());
  const SgdParameter parameter{w, infinite, velocity};
  device_->sgd_step(std::span(&parameter, 1), {.rate = 0.1, .clip_norm = 1});
  expect_current(x, w, "sgd_step that changes nothing");
}

// Rows of any length.
TEST_P(CurrentValues, OfMatrices) {
  for (const int columns : {13, 16}) {
    const LinearShape reads{5, columns, 7}, writes{5, 9, columns};
    const auto reader = device_->plan_layer(reads), writer = device_->plan_layer(writes);
    const Tensor w = tensor(1, reads.weights(), Layout::matrix), b = device_->make(reads.bias(), Layout::matrix);
    const Tensor v = tensor(2, writes.weights(), Layout::matrix), c = device_->make(writes.bias(), Layout::matrix);
    const Tensor x = device_->make(reads.input(), Layout::matrix), y = device_->make(reads.output(), Layout::matrix);
    const Tensor other = tensor(3, reads.input(), Layout::matrix);
    const auto product = [&](const Tensor& of) {
      reader->forward(of, w, b, false, y);
      return device_->download(y);
    };
    const std::vector<Write> all{
        [&](const Tensor& to) { writer->forward(tensor(4, writes.input(), Layout::matrix), v, c, true, to); },
        [&](const Tensor& to) { reader->backward_data(tensor(5, reads.output(), Layout::matrix), w, other, to); },
        [&](const Tensor& to) { device_->upload(to, device_->download(other)); }};
    for (const Write& write : all) {
      device_->fill(x, 1);
      const std::vector<float> before = product(x);
      write(x);
      const std::vector<float> after = product(x);
      EXPECT_NE(after, before);
      EXPECT_EQ(after, product(copy_of(x))) << columns;
    }
  }
}

// As in training: products are recorded, and what changes their factors runs between two runs, or does not.
TEST_P(CurrentValues, OfFactorsThatChangeBetweenRuns) {
  const Tensor x = tensor(1, activation_), w = tensor(2, shape_.weights(), Layout::kernel);
  const Tensor gradient = tensor(3, shape_.weights(), Layout::kernel), velocity = device_->make(w.shape, w.layout);
  const Tensor b = device_->make(shape_.bias(), Layout::channels), y = device_->make(shape_.output(), x.layout);
  const auto forward = [&] { plan_->forward(x, w, b, false, y); };
  const auto step = [&] {
    const SgdParameter parameter{w, gradient, velocity};
    device_->sgd_step(std::span(&parameter, 1), {.rate = 0.1, .momentum = 0.9});
  };
  forward();
  const auto recording = device_->record(forward);
  const std::vector<std::pair<std::string, std::function<void()>>> changes{
      {"nothing", [] {}},
      {"a step", step},
      {"two steps", [&] { step(), step(); }},
      {"another product", [&] { product(x, w); }},
      {"new inputs", [&] { device_->copy(tensor(4, activation_), x); }},
      {"both", [&] { device_->copy(tensor(5, activation_), x), step(); }},
      {"new weights", [&] { device_->copy(gradient, w); }},
      {"nothing again", [] {}}};
  for (const auto& [name, change] : changes) {
    change();
    recording->run();
    const std::vector<float> got = device_->download(y);
    plan_->forward(copy_of(x), copy_of(w), b, false, y);
    EXPECT_EQ(got, device_->download(y)) << name;
  }
}

// A recording that reads a factor and then changes it: by an operation that a device may let write another form of it
// too, and by one that it may not.
TEST_P(CurrentValues, OfFactorsThatARecordingChanges) {
  const Tensor x = tensor(1, activation_), w = tensor(2, shape_.weights(), Layout::kernel),
               other = tensor(3, activation_);
  const Tensor b = device_->make(shape_.bias(), Layout::channels), y = device_->make(shape_.output(), x.layout);
  const Tensor dy = tensor(4, shape_.output());
  const std::vector<Write> changes{[&](const Tensor& to) { device_->add(other, to); },
                                   [&](const Tensor& to) { plan_->backward_data(dy, w, other, to); }};
  for (const Write& change : changes) {
    device_->upload(x, device_->download(tensor(1, activation_)));
    const auto step = [&] {
      plan_->forward(x, w, b, false, y);
      change(x);
    };
    step();
    product(x, w);  // so that the recording finds x as a product has left it
    const auto recording = device_->record(step);
    for (const int time : {1, 2}) {
      plan_->forward(copy_of(x), copy_of(w), b, false, y);
      const std::vector<float> expected = device_->download(y);
      recording->run();
      EXPECT_EQ(device_->download(y), expected) << time;
      expect_current(x, w, "after run " + std::to_string(time));
    }
  }
}

// Each recording finds what the other one, or something between them, has left.
TEST_P(CurrentValues, OfFactorsOfTwoRecordings) {
  const Tensor x = tensor(1, activation_), w = tensor(2, shape_.weights(), Layout::kernel), y = tensor(3, activation_);
  const Tensor v = tensor(4, w.shape, w.layout), b = device_->make(shape_.bias(), Layout::channels);
  const Tensor z = device_->make(shape_.output(), x.layout), dz = tensor(5, z.shape);
  const auto forward = [&] { plan_->forward(x, w, b, false, z); };
  const auto change = [&] {
    plan_->backward_data(dz, w, y, x);
    device_->add(v, w);
    forward();
  };
  forward();
  change();
  const auto first = device_->record(forward), second = device_->record(change);
  for (const int stream : {1, 2, 3}) {
    const Tensor fresh = tensor(10 + stream, activation_), weights = tensor(20 + stream, w.shape, w.layout);
    for (const Tensor& to : {x, w}) device_->copy(to.layout == x.layout ? fresh : weights, to);
    for (Recording* recording : {first.get(), second.get(), first.get(), first.get()}) {
      recording->run();
      const std::vector<float> got = device_->download(z);
      plan_->forward(copy_of(x), copy_of(w), b, false, z);
      EXPECT_EQ(got, device_->download(z)) << stream;
      if (stream == 2) expect_current(x, w, "between two runs");
    }
  }
}

// Other parameters, and a norm, between the runs of a recorded step.
TEST_P(CurrentValues, OfWeightsWhoseRecordedStepIsNotTheLast) {
  const Tensor x = tensor(1, activation_), w = tensor(2, shape_.weights(), Layout::kernel), v = copy_of(w);
  const Tensor gradient = tensor(3, w.shape, w.layout), velocity = device_->make(w.shape, w.layout);
  const SgdParameter one{w, gradient, velocity}, both[] = {{v, gradient, {}}, {w, gradient, {}}};
  const SgdOptions options{.rate = 0.1, .momentum = 0.9, .clip_norm = 1};
  const auto step = [&] {
    product(x, w);
    device_->sgd_step(std::span(&one, 1), options);
  };
  const auto recorded = [&] { device_->sgd_step(std::span(&one, 1), options); };
  step();
  const auto recording = device_->record(recorded);
  const std::vector<std::function<void()>> between{[] {}, [&] { device_->gradient_norm(both); },
                                                   [&] { device_->sgd_step(both, options); },
                                                   [&] { device_->fill(w, 0.5F), device_->sgd_step(both, options); }};
  for (std::size_t i = 0; i < between.size(); ++i) {
    between[i]();
    const Tensor expected = copy_of(w), of_expected = copy_of(velocity);
    recording->run();
    const SgdParameter plain{expected, gradient, of_expected};
    const std::vector<float> others = device_->download(v);
    device_->sgd_step(std::span(&plain, 1), options);
    EXPECT_EQ(device_->download(w), device_->download(expected)) << i;
    EXPECT_EQ(device_->download(v), others) << i;
    expect_current(x, w, "after a recorded step");
  }
}

// What throws half-way has written nothing, whatever it had prepared.
TEST_P(CurrentValues, AfterWhatFailed) {
  const Tensor x = tensor(1, activation_), w = tensor(2, shape_.weights(), Layout::kernel);
  const Conv2dShape before{2, 8, 6, 8, 16};
  const auto plan = device_->plan_layer(before);
  RelevanceDenominator denominator;
  denominator.known = tensor(3, activation_);
  denominator.terms = {{InputMap::identity, {}, tensor(4, before.weights(), Layout::kernel), {}, 1}};
  const Tensor relevance[] = {tensor(5, activation_), tensor(6, activation_)};
  const Tensor quotients[] = {x, device_->make({1, 16, 6, 8}, Layout::activation)};
  product(x, w);
  device_->fill(x, 0.5F);
  EXPECT_THROW(plan->relevance_denominator(denominator, relevance, quotients), ContractError);
  expect_current(x, w, "a failed call");
  if (!device_->info().records) return;
  device_->fill(x, 0.25F);
  const Tensor b = device_->make(shape_.bias(), Layout::channels), y = tensor(7, shape_.output());
  const auto fails = [&] {
    plan_->backward_data(y, w, relevance[0], x);
    plan_->forward(x, w, b, false, y);
    throw ContractError("half-way");
  };
  EXPECT_THROW(device_->record(fails), ContractError);
  expect_current(x, w, "a failed recording");
}

// Those who keep what they made of weights look at their version.
TEST_P(CurrentValues, HaveAVersionOfTheirOwn) {
  const Tensor w = tensor(1, shape_.weights(), Layout::kernel), gradient = tensor(2, w.shape, w.layout);
  const SgdParameter parameter{w, gradient, {}};
  const auto step = [&] { device_->sgd_step(std::span(&parameter, 1), {.rate = 0.1}); };
  step();
  const auto recording = device_->record(step);
  for (const int time : {1, 2}) {
    const std::uint64_t version = w.storage->version;
    device_->gradient_norm(std::span(&parameter, 1));
    EXPECT_EQ(w.storage->version, version) << "a norm changes nothing";
    recording->run();
    EXPECT_NE(w.storage->version, version) << time;
  }
}

// The same memory under two shapes, the smaller one first.
TEST_P(CurrentValues, OfBothShapesOfAStorage) {
  const Tensor w = tensor(1, shape_.weights(), Layout::kernel), b = device_->make(shape_.bias(), Layout::channels);
  const Tensor x = device_->make(activation_, Layout::activation);
  for (const Shape& shape : {Shape{1, 16, 6, 8}, Shape{2, 8, 6, 8}}) {
    const Conv2dShape smaller{shape.n, shape.c, shape.h, shape.w, 8};
    const auto plan = device_->plan_layer(smaller);
    const Tensor part{shape, Layout::activation, x.storage}, y = device_->make(smaller.output(), Layout::activation);
    const Tensor v = tensor(2, smaller.weights(), Layout::kernel);
    device_->copy(tensor(10 + shape.n, activation_), x);
    plan->forward(part, v, b, false, y);
    const std::vector<float> got = device_->download(y);
    expect_current(x, w, "the larger one");
    plan->forward(copy_of(part), v, b, false, y);
    EXPECT_EQ(device_->download(y), got);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, CurrentValues, testing::ValuesIn(test_devices()),
                         [](const auto& one) { return test_name(one.param); });

}  // namespace
}  // namespace palimpsest
