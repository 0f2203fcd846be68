#include <gtest/gtest.h>

#include "tests/support/test_devices.h"

// Each run of a recorded step does what the step does, with the current values of its tensors.
namespace palimpsest {
namespace {

class RecordedStep : public testing::TestWithParam<TestDevice> {
 protected:
  std::unique_ptr<Device> device_ = GetParam().make();
  Tensor tensor(int stream, const Shape& shape, Layout layout) {
    return case_tensor(*device_, "recording", stream, shape, layout, Numbers::random);
  }
};

TEST_P(RecordedStep, EqualsThePlainStep) {
  const Conv2dShape shape{2, 5, 6, 7, 9};
  const Shape pooled{2, 9, 3, 3};
  const LinearShape head{2, 81, 4};
  auto convolution = device_->plan_layer(shape);
  auto pool = device_->plan_max_pool(shape.output());
  auto linear = device_->plan_layer(head);
  const Tensor x = tensor(0, shape.input(), Layout::activation), w = tensor(1, shape.weights(), Layout::kernel);
  const Tensor b = tensor(2, {1, 9}, Layout::channels), y = device_->make(shape.output(), Layout::activation);
  const Tensor p = device_->make(pooled, Layout::activation), winner = device_->make(pooled, Layout::winners);
  const Tensor flat = device_->make(head.input(), Layout::matrix), v = tensor(3, head.weights(), Layout::matrix);
  const Tensor c = tensor(4, {1, 4}, Layout::matrix), logits = device_->make(head.output(), Layout::matrix);
  const Tensor labels = device_->make({2, 1}, Layout::matrix), d_logits = device_->make(head.output(), Layout::matrix);
  const Tensor d_flat = device_->make(head.input(), Layout::matrix), d_pool = device_->make(pooled, Layout::activation);
  const Tensor d_y = device_->make(shape.output(), Layout::activation);
  const Tensor d_w = device_->make(shape.weights(), Layout::kernel), d_b = device_->make({1, 9}, Layout::channels);
  const FocalLoss loss{2, {1, 2, 3, 4}};
  const auto step = [&] {
    convolution->forward(x, w, b, true, y);
    pool->forward(y, p, winner);
    device_->copy(p, flat);
    linear->forward(flat, v, c, false, logits);
    device_->focal_loss(loss, logits, labels, &d_logits);
    linear->backward_data(d_logits, v, {}, d_flat);
    device_->copy(d_flat, d_pool);
    pool->backward(d_pool, winner, p, d_y);
    convolution->backward_weights(x, d_y, d_w, d_b);
  };
  struct Outcome {
    double loss;
    std::vector<float> kernel, bias;
    bool operator==(const Outcome&) const = default;
  };
  const auto prepare = [&](int variant) {
    device_->upload(x, case_numbers("recording", 10 + variant, shape.input().count(), Numbers::random));
    device_->upload(labels, variant == 0 ? std::vector{0.0F, 3.0F} : std::vector{2.0F, 1.0F});
  };
  const auto outcome = [&] {
    return Outcome{device_->loss_result().get().loss, device_->download(d_w), device_->download(d_b)};
  };
  std::vector<Outcome> plain;
  for (const int variant : {0, 1}) {
    prepare(variant);
    step();
    plain.push_back(outcome());
  }
  EXPECT_NE(plain[0], plain[1]);
  const auto recording = device_->record(step);
  for (const int variant : {0, 1, 1, 0}) {
    prepare(variant);
    device_->fill(d_w, 9);
    recording->run();
    EXPECT_EQ(outcome(), plain[std::size_t(variant)]) << variant;
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, RecordedStep, testing::ValuesIn(test_devices()),
                         [](const auto& one) { return test_name(one.param); });

}  // namespace
}  // namespace palimpsest
