#include "cuda/device.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/expect_error.h"
#include "tests/support/remarks.h"
#include "tests/support/test_devices.h"

// Specific to the CUDA devices: options, availability, their memory.
namespace palimpsest {
namespace {

TEST(CudaDevice, IsAlwaysThereEmulated) {
  EXPECT_TRUE(cuda_availability(CudaKind::emulated).available) << cuda_availability(CudaKind::emulated).reason;
  const auto device = make_cuda_device(CudaKind::emulated);
  EXPECT_EQ(device->info().name, "cuda-emulated");
  EXPECT_FALSE(device->info().description.empty());
  EXPECT_EQ(cuda_details(CudaKind::emulated).size(), 3u);
  EXPECT_TRUE(cuda_details(CudaKind::emulated).front().starts_with("0: "));
}

TEST(CudaDevice, SaysInOneSentenceWhyThereIsNone) {
  const auto availability = cuda_availability(CudaKind::real);
  if (availability.available) GTEST_SKIP() << "there is a GPU: " << availability.reason;
  expect_error("--device cuda", [] { make_cuda_device(CudaKind::real); });
  EXPECT_EQ(availability.reason.find('\n'), std::string::npos);
  EXPECT_TRUE(cuda_details(CudaKind::real).empty());
}

// The test count must show that those on a GPU did not run.
TEST(CudaDevice, IsTestedOnAGpu) {
  const auto availability = cuda_availability(CudaKind::real);
  if (!availability.available)
    GTEST_SKIP() << "the tests of the contract did not run on a GPU: " << availability.reason;
  EXPECT_EQ(make_cuda_device(CudaKind::real)->info().name, "cuda");
}

TEST(CudaDevice, RefusesWhatItDoesNotKnow) {
  for (const std::string wrong : {"ours", "own:huge", "own:large:x", "own:large:-1", "own:large:1:1", "winograd"}) {
    const auto device = make_cuda_device(CudaKind::emulated, {Precision::fp32, AlgorithmTable::of(wrong)});
    expect_error("--convolution " + wrong, [&] { device->plan_layer(Conv2dShape{2, 5, 6, 7, 9}); });
    expect_error("--convolution " + wrong, [&] { device->plan_layer(LinearShape{3, 20, 12}); });
  }
}

TEST(CudaDevice, RefusesAGpuThatTheMachineLacks) {
  CudaOptions second;
  second.gpu = 1;
  expect_error("GPU 1 was not found: this machine has 1", [&] { make_cuda_device(CudaKind::emulated, second); });
}

TEST(CudaDevice, SaysWhatRunsWhereTheNamedAlgorithmCannot) {
  const Conv2dShape shape{1, 5, 6, 7, 9};
  const auto run_by = [&](const std::string& choice, Precision precision) {
    const auto device = make_cuda_device(CudaKind::emulated, {precision, AlgorithmTable::of(choice)});
    const auto plan = device->plan_layer(shape);
    std::string names;
    for (const auto pass :
         {LayerPass::forward, LayerPass::backward_data, LayerPass::backward_weights, LayerPass::relevance})
      names += plan->algorithm(pass) + " ";
    return names;
  };
  EXPECT_EQ(remarks_of([&] { EXPECT_EQ(run_by("auto", Precision::fp32), "own own own own "); }), "");
  EXPECT_EQ(remarks_of([&] {
              EXPECT_EQ(run_by("own:small:2", Precision::fp32), "own:small:2 own:small:2 own:small:2 own:small:2 ");
            }),
            "");
  EXPECT_EQ(remarks_of([&] { EXPECT_EQ(run_by("library", Precision::tf32), "library library library library "); }), "");
  EXPECT_EQ(remarks_of([&] {
              EXPECT_EQ(run_by("library:legacy", Precision::fp32),
                        "library:legacy library:legacy library:legacy library:legacy ");
            }),
            "");
  EXPECT_EQ(remarks_of([&] { EXPECT_EQ(run_by("own:tall", Precision::fp32), "own:tall own:tall own own:tall "); }),
            "--convolution own:tall: own:tall has no backward_weights in fp32: own runs it\n");
  EXPECT_EQ(remarks_of([&] { run_by("own:warpgroup", Precision::bf16); }).substr(0, 72),
            "--convolution own:warpgroup: own:warpgroup has no forward in bf16: own r");
  const std::string bf16 = remarks_of([&] { EXPECT_EQ(run_by("library", Precision::bf16), "own own own own "); });
  EXPECT_NE(bf16.find("library has no backward_data of 1 x 5 x 6 x 7 to 9 in bf16: own runs it"), bf16.npos) << bf16;
}

// Every algorithm gives the same convolution, to rounding.
TEST(CudaDevice, TakesAlgorithmsByName) {
  const Conv2dShape shape{2, 5, 6, 7, 9};
  const LinearShape layer{3, 21, 11};
  struct Outcome {
    std::vector<float> y, dx, dw, db, s, r, v, du, dv, dc, t, q;
  };
  const auto run = [&](Device& device) {
    const auto make = [&](int stream, const Shape& s, Layout layout) {
      return case_tensor(device, "table", stream, s, layout, Numbers::small_integers);
    };
    Outcome out;
    auto plan = device.plan_layer(shape);
    const Tensor x = make(0, shape.input(), Layout::activation), w = make(1, shape.weights(), Layout::kernel);
    const Tensor b = make(2, {1, shape.k}, Layout::channels), dy = make(3, shape.output(), Layout::activation);
    const Tensor y = device.make(shape.output(), Layout::activation);
    plan->forward(x, w, b, true, y);
    out.y = device.download(y);
    const Tensor dx = device.make(shape.input(), Layout::activation), dw = device.make(shape.weights(), Layout::kernel);
    const Tensor db = device.make({1, shape.k}, Layout::channels);
    plan->backward_data(dy, w, x, dx);
    plan->backward_weights(x, dy, dw, db);
    out.dx = device.download(dx), out.dw = device.download(dw), out.db = device.download(db);
    // Both signs of x, and a constant taken away: terms that a library needs mapped inputs for.
    const auto relevance = [&](LayerPlan& of, const LayerShape& at, const Tensor& in, const Tensor& weights,
                               const Tensor& incoming, std::vector<float>& quotient, std::vector<float>& outgoing) {
      const Tensor low = make(8, {1, at.c}, at.vector_layout());
      const std::vector<RelevanceTerm> terms{
          {.input = InputMap::positive, .weights = weights},
          {.input = InputMap::negative, .weights = weights},
          {.input = InputMap::constant, .constant = low, .weights = weights, .sign = -1}};
      const Tensor s = device.make(at.output(), at.layout()), r = device.make(at.input(), at.layout());
      of.relevance_denominator({.terms = terms, .x = in, .stabiliser = {.epsilon = 0.5}}, {&incoming, 1}, {&s, 1});
      quotient = device.download(s);
      of.relevance_redistribute({.terms = terms, .x = in}, incoming, r);
      outgoing = device.download(r);
    };
    relevance(*plan, shape, x, w, dy, out.s, out.r);
    auto linear = device.plan_layer(layer);
    const Tensor u = make(4, layer.input(), Layout::matrix), m = make(5, layer.weights(), Layout::matrix);
    const Tensor c = make(6, {1, layer.k}, Layout::matrix), dv = make(7, layer.output(), Layout::matrix);
    const Tensor v = device.make(layer.output(), Layout::matrix), du = device.make(layer.input(), Layout::matrix);
    const Tensor dm = device.make(layer.weights(), Layout::matrix), dc = device.make({1, layer.k}, Layout::matrix);
    linear->forward(u, m, c, true, v);
    linear->backward_data(dv, m, u, du);
    linear->backward_weights(u, dv, dm, dc);
    relevance(*linear, layer, u, m, dv, out.t, out.q);
    out.v = device.download(v), out.du = device.download(du), out.dv = device.download(dm),
    out.dc = device.download(dc);
    return out;
  };
  const auto fixed = make_cuda_device(CudaKind::emulated);
  const Outcome expected = run(*fixed);
  const auto expect_same = [&](const Outcome& got, const std::string& choice) {
    EXPECT_EQ(got.y, expected.y) << choice;
    EXPECT_EQ(got.dx, expected.dx) << choice;
    EXPECT_EQ(got.dw, expected.dw) << choice;
    EXPECT_EQ(got.db, expected.db) << choice;
    EXPECT_EQ(got.s, expected.s) << choice;
    EXPECT_EQ(got.r, expected.r) << choice;
    EXPECT_EQ(got.t, expected.t) << choice;
    EXPECT_EQ(got.q, expected.q) << choice;
    EXPECT_EQ(got.v, expected.v) << choice;
    EXPECT_EQ(got.du, expected.du) << choice;
    EXPECT_EQ(got.dv, expected.dv) << choice;
    EXPECT_EQ(got.dc, expected.dc) << choice;
  };
  AlgorithmTable mixed;
  mixed.set(LayerPass::forward, shape, "library:legacy");
  mixed.set(LayerPass::backward_weights, shape, "library");
  mixed.set(LayerPass::relevance, shape, "library");
  expect_same(run(*make_cuda_device(CudaKind::emulated, {Precision::fp32, mixed})), "mixed");
  for (const std::string choice : {"library", "library:legacy", "own:small:2", "own:large:1", "own:plain"}) {
    const auto device = make_cuda_device(CudaKind::emulated, {Precision::fp32, AlgorithmTable::of(choice)});
    EXPECT_EQ(device->info().algorithms, choice);
    expect_same(run(*device), choice);
  }
}

}  // namespace
}  // namespace palimpsest
