#include <algorithm>
#include <limits>

#include "base/error.h"
#include "tests/cuda_kernels/gemm_runs.h"

// The three products of implicit GEMM against plain loops: exact on integers, whose products and sums every precision
// holds exactly, and within the rounding of fp32 sums on reals.
namespace palimpsest::PALIMPSEST_CUDA {
namespace {

using namespace reference;

Floats run_forward(const LayerCase& layer, const Variant& variant, const Floats& x, const Floats& w, const Floats& b,
                   bool relu) {
  const Scratch scratch(layer.shape, variant);
  const DeviceFactor dx(x, layer.shape.inputs), dw(w, layer.shape.inputs), y(layer.y_count(), layer.shape.outputs);
  const DeviceArray<float> db(b);
  implicit_gemm_forward(layer.shape, scratch.run(), dx.factor(), dw.factor(), b.empty() ? nullptr : db.get(), relu,
                        y.destination(variant.precision));
  scratch.expect_guarded();
  return y.result(variant, layer.name);
}

// rectified: empty, or what a ReLU put out
Floats run_backward_data(const LayerCase& layer, const Variant& variant, const Floats& dy, const Floats& w,
                         const Floats& rectified = {}) {
  const Scratch scratch(layer.shape, variant);
  const DeviceFactor from(dy, layer.shape.outputs), weights(w, layer.shape.inputs);
  const DeviceArray<float> x(rectified);
  const DeviceFactor dx(layer.x_count(), layer.shape.inputs);
  implicit_gemm_backward_data(layer.shape, scratch.run(), from.factor(), weights.factor(),
                              rectified.empty() ? nullptr : x.get(), dx.destination(variant.precision));
  scratch.expect_guarded();
  return dx.result(variant, layer.name);
}

struct WeightGradients {
  Floats dw, db;
};
WeightGradients run_backward_weights(const LayerCase& layer, const Variant& variant, const Floats& x,
                                     const Floats& dy) {
  const Scratch scratch(layer.shape, variant);
  const DeviceFactor input(x, layer.shape.inputs), from(dy, layer.shape.outputs);
  const DeviceArray<float> dw(layer.w_count()), db(std::size_t(layer.shape.outputs));
  implicit_gemm_backward_weights(layer.shape, scratch.run(), input.factor(), from.factor(), dw.get(), db.get());
  scratch.expect_guarded();
  return {dw.download(), db.download()};
}

Doubles biased(Doubles z, const Floats& b, bool relu) {
  for (std::size_t i = 0; i < z.size(); ++i) {
    if (!b.empty()) z[i] += double(b[i % b.size()]);
    if (relu) z[i] = std::max(z[i], 0.0);
  }
  return z;
}

std::string label(const LayerCase& layer, const Variant& variant) {
  return layer.name + ", " + variant.name();
}

TEST(ImplicitGemm, ForwardIsExactOnIntegers) {
  for (const LayerCase& layer : layer_cases()) {
    const Floats x = input_values(layer, Numbers::integers), w = weight_values(layer, Numbers::integers);
    const Floats b = bias_values(layer, Numbers::integers);
    const Doubles z = forward(layer.shape, x, w);
    for (const Variant& variant : all_variants({GemmTile::large, GemmTile::tall, GemmTile::small, GemmTile::plain})) {
      expect_equal(run_forward(layer, variant, x, w, b, true), biased(z, b, true), label(layer, variant) + " relu");
      if (variant.tile != GemmTile::automatic) continue;
      expect_equal(run_forward(layer, variant, x, w, b, false), biased(z, b, false), label(layer, variant));
      expect_equal(run_forward(layer, variant, x, w, {}, false), z, label(layer, variant) + " no bias");
    }
  }
}

TEST(ImplicitGemm, BackwardDataIsExactOnIntegers) {
  for (const LayerCase& layer : layer_cases()) {
    const Floats dy = gradient_values(layer, Numbers::integers), w = weight_values(layer, Numbers::integers);
    const Floats rectified = input_values(layer, Numbers::integers);
    const Doubles expected = backward_data(layer.shape, dy, w);
    Doubles cut = expected;
    for (std::size_t i = 0; i < cut.size(); ++i)
      if (rectified[i] <= 0) cut[i] = 0;
    for (const Variant& variant :
         all_variants({GemmTile::large, GemmTile::tall, GemmTile::small, GemmTile::narrow, GemmTile::plain})) {
      expect_equal(run_backward_data(layer, variant, dy, w), expected, label(layer, variant));
      expect_equal(run_backward_data(layer, variant, dy, w, rectified), cut, label(layer, variant) + " through a ReLU");
    }
  }
}

// Both limits of the kernels without tiles, for up to 8 rows, and one row more.
TEST(ImplicitGemm, FewRowsAreExactOnIntegers) {
  for (const LayerCase& layer :
       {linear(1, 4, 1), linear(1, 1028, 33), linear(5, 260, 70), linear(8, 2052, 40), linear(9, 260, 40)}) {
    const Floats x = input_values(layer, Numbers::integers), w = weight_values(layer, Numbers::integers);
    const Floats b = bias_values(layer, Numbers::integers), dy = gradient_values(layer, Numbers::integers);
    for (const int splits : {0, 1, 3, 7}) {
      const Variant variant{Precision::fp32, GemmTile::few_rows, splits};
      expect_equal(run_forward(layer, variant, x, w, b, true), biased(forward(layer.shape, x, w), b, true),
                   label(layer, variant));
      expect_equal(run_backward_data(layer, variant, dy, w), backward_data(layer.shape, dy, w),
                   label(layer, variant) + " backward");
    }
  }
}

TEST(ImplicitGemm, BackwardWeightsIsExactOnIntegers) {
  for (const LayerCase& layer : layer_cases()) {
    const Floats x = input_values(layer, Numbers::integers), dy = gradient_values(layer, Numbers::integers);
    const Doubles dw = backward_weights(layer.shape, x, dy), db = column_sums(dy, layer.shape.outputs);
    for (const Variant& variant : all_variants({GemmTile::large, GemmTile::square, GemmTile::small, GemmTile::plain})) {
      const WeightGradients got = run_backward_weights(layer, variant, x, dy);
      expect_equal(got.dw, dw, label(layer, variant));
      expect_equal(got.db, db, label(layer, variant) + " db");
    }
  }
}

// Whole and broken fours, an overhang of the tile on either side; every value moves by its own gradient.
TEST(ImplicitGemm, WeightsStepByTheirGradient) {
  for (const LayerCase& layer : {linear(3, 70, 97), linear(5, 136, 130)}) {
    const Floats x = input_values(layer, Numbers::integers), dy = gradient_values(layer, Numbers::integers);
    const Floats w = weight_values(layer, Numbers::integers), v = weight_values(layer, Numbers::integers, 7);
    const Floats start = weight_values(layer, Numbers::integers, 8);
    const Doubles gradient = backward_weights(layer.shape, x, dy);
    for (const Precision precision : precisions()) {
      const Variant variant{precision, GemmTile::automatic, 0};
      const Scratch scratch(layer.shape, variant);
      const DeviceFactor input(x, layer.shape.inputs), from(dy, layer.shape.outputs), value(w, layer.shape.inputs);
      const DeviceArray<float> velocity(v), origin(start);
      const DeviceArray<int> first_bad(std::vector<int>{100});
      ASSERT_TRUE(implicit_gemm_steps_weights(layer.shape, scratch.run()));
      const WeightStep step{{0.5F, 0.25F, 0.125F, 2, 0.5F},
                            value.destination(precision),
                            velocity.get(),
                            origin.get(),
                            first_bad.get(),
                            3};
      implicit_gemm_step_weights(layer.shape, scratch.run(), input.factor(), from.factor(), step);
      Doubles moved(gradient.size()), reached(gradient.size());
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        moved[i] = 0.25 * double(v[i]) + 0.5 * gradient[i] + 2 * (double(w[i]) - double(start[i]));
        reached[i] = double(w[i]) - 0.5 * moved[i];
      }
      expect_equal(value.result(variant, layer.name), reached, label(layer, variant));
      expect_equal(velocity.download(), moved, label(layer, variant) + " velocity");
      EXPECT_EQ(first_bad.download(), std::vector<int>{100});
      scratch.expect_guarded();
    }
  }
}

TEST(ImplicitGemm, AStepThatIsNotFiniteChangesNothing) {
  const LayerCase layer = linear(3, 72, 97);
  Floats x = input_values(layer, Numbers::integers);
  x[5] = std::numeric_limits<float>::infinity();  // in every gradient of column 5
  const Floats dy(layer.y_count(), 1.0F), w = weight_values(layer, Numbers::integers);
  for (const Precision precision : precisions()) {
    const Scratch scratch(layer.shape, {precision, GemmTile::automatic, 0});
    const DeviceFactor input(x, layer.shape.inputs), from(dy, layer.shape.outputs), value(w, layer.shape.inputs);
    const DeviceArray<int> first_bad(std::vector<int>{100});
    implicit_gemm_step_weights(
        layer.shape, scratch.run(), input.factor(), from.factor(),
        {{1, 0, 0, 0, 1}, value.destination(Precision::fp32), nullptr, nullptr, first_bad.get(), 3});
    const Floats got = value.download();
    for (std::size_t i = 5; i < got.size(); i += std::size_t(layer.shape.inputs)) ASSERT_EQ(got[i], w[i]) << i;
    EXPECT_FALSE(same_bits(got, w)) << "the other columns move";
    EXPECT_EQ(first_bad.download(), std::vector<int>{3});
  }
}

// The factors are rounded once, the sums are fp32: |got - sum of rounded factors| <= 2 u sqrt(K) sum |w x|, u = 2^-24.
TEST(ImplicitGemm, RealsRoundAsThePrecisionSays) {
  for (const LayerCase& layer : {convolution(2, 19, 9, 7, 24), linear(5, 301, 43)}) {
    const Floats x = input_values(layer, Numbers::reals), w = weight_values(layer, Numbers::reals);
    const double length = std::sqrt(double(layer.shape.taps) * layer.shape.inputs);
    Floats of_fp32;
    for (const Precision precision : precisions()) {
      const Floats rx = rounded(precision, x), rw = rounded(precision, w);
      const Doubles expected = forward(layer.shape, rx, rw);
      const Doubles sizes = forward(layer.shape, absolute(rx), absolute(rw));
      const Floats got = run_forward(layer, {precision, GemmTile::small, 2}, x, w, {}, false);
      for (std::size_t i = 0; i < got.size(); ++i)
        ASSERT_TRUE(std::abs(double(got[i]) - expected[i]) <= 2 * 0x1p-24 * length * sizes[i])
            << layer.name << " " << int(precision) << "[" << i << "]: " << got[i] << ", expected " << expected[i];
      if (precision == Precision::fp32) of_fp32 = got;
      EXPECT_EQ(same_bits(got, of_fp32), precision == Precision::fp32) << "the precision must make a difference";
    }
  }
}

// A NaN among the inputs reaches every output that it touches, ReLU or not, and no other.
TEST(ImplicitGemm, NanStaysVisible) {
  const LayerCase layer = convolution(1, 3, 5, 5, 4);
  Floats x = input_values(layer, Numbers::integers);
  x[0] = std::nanf("");
  for (const Precision precision : precisions()) {
    const Floats y = run_forward(layer, {precision, GemmTile::automatic, 0}, x, weight_values(layer, Numbers::integers),
                                 bias_values(layer, Numbers::integers), true);
    for (int pixel = 0; pixel < 25; ++pixel)
      for (int k = 0; k < 4; ++k)
        EXPECT_EQ(std::isnan(y[std::size_t(pixel * 8 + k)]), pixel / 5 <= 1 && pixel % 5 <= 1) << pixel << " " << k;
  }
}

TEST(ImplicitGemm, EmptyBatchWritesNothing) {
  const LayerCase layer = linear(0, 8, 8);
  const DeviceArray<float> any(std::size_t{64});
  implicit_gemm_forward(layer.shape, {}, any.get(), any.get(), nullptr, false, any.get());
  implicit_gemm_backward_data(layer.shape, {}, any.get(), any.get(), nullptr, any.get());
  for (const float v : any.download()) EXPECT_TRUE(std::isnan(v));
}

TEST(ImplicitGemm, EmptyBatchHasZeroWeightGradients) {
  const LayerCase layer = linear(0, 8, 5);
  const WeightGradients got = run_backward_weights(layer, {}, {}, {});
  expect_equal(got.dw, Doubles(40, 0.0), "dw");
  expect_equal(got.db, Doubles(5, 0.0), "db");
}

TEST(ImplicitGemm, RefusesWhatDoesNotFit) {
  const DeviceArray<float> any(std::size_t{64});
  const auto run = [&](const ImplicitGemmShape& shape, const GemmRun& how) {
    implicit_gemm_forward(shape, how, any.get(), any.get(), nullptr, false, any.get());
  };
  EXPECT_THROW(run({1, 1, 1, 8, 12, 9}, {}), ContractError);                 // channels without their padding
  EXPECT_THROW(run({1, 1, 1, 8, 8, 5}, {}), ContractError);                  // taps
  EXPECT_THROW(run({1 << 20, 1 << 6, 1 << 6, 8, 8, 9}, {}), ContractError);  // 2^32 pixels
  EXPECT_THROW(run({1, 1, 1, 1 << 24, 8, 1}, {}), ContractError);            // a line of 2^24 values
  EXPECT_THROW(run({1, 0, 1, 8, 8, 9}, {}), ContractError);                  // pictures without pixels
  EXPECT_THROW(run({1, 1, 1, 8, 8, 9}, {.splits = 2}), ContractError);       // no scratch memory for two parts
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
