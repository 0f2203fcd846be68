// The device's own calls of cuDNN and cuBLASLt: the strict stand-ins accept them, and the results are those of plain
// loops in double. Values are exact, so that they must be equal.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "convolution_case.h"
#include "cuda/architectures.h"
#include "cuda/cublaslt_product.h"
#include "cuda/cudnn_convolution.h"
#include "cuda/descriptors.h"

namespace {

namespace cuda = palimpsest::PALIMPSEST_CUDA;

constexpr std::array kPasses{palimpsest::LayerPass::forward, palimpsest::LayerPass::backward_data,
                             palimpsest::LayerPass::backward_weights, palimpsest::LayerPass::relevance};

// The lanes of the last block that hold no channel are zero.
std::vector<float> padded_values(std::size_t outer, int used, std::uint32_t seed) {
  const auto lanes = std::size_t(cuda::padded(used));
  auto values = exact_values(outer * lanes, seed);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (i % lanes >= std::size_t(used)) values[i] = 0;
  return values;
}

std::vector<float> rounded_once(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

void expect_convolution(palimpsest::Precision precision, cuda::Provider wanted, const palimpsest::Conv2dShape& shape) {
  cuda::Context context(precision);
  cuda::CudnnConvolution convolution(context, shape);
  // The stand-ins have no graph for pictures of one pixel.
  const auto serves = shape.h * shape.w == 1 ? cuda::Provider::library_legacy : wanted;
  for (const auto pass : kPasses) ASSERT_EQ(convolution.plan(pass, wanted), serves);
  const int c = cuda::padded(shape.c), k = cuda::padded(shape.k);
  const Geometry g{shape.n, c, shape.h, shape.w, k};
  const auto pixels = std::size_t(shape.n) * std::size_t(shape.h) * std::size_t(shape.w);
  const auto x = padded_values(pixels, shape.c, 1), dy = padded_values(pixels, shape.k, 2);
  auto w = padded_values(std::size_t(k) * 9, shape.c, 3), b = padded_values(1, shape.k, 4);
  std::fill(w.begin() + std::ptrdiff_t(shape.k) * 9 * c, w.end(), 0.0f);
  const DeviceArray x_device(x), w_device(w), b_device(b), dy_device(dy), y(g.y_count()), dx(g.x_count()),
      dw(g.w_count()), db(b.size());

  std::vector<double> y_expected(g.y_count()), dx_expected(g.x_count()), dw_expected(g.w_count()),
      db_expected(b.size());
  for (std::size_t i = 0; i < dy.size(); ++i) {
    y_expected[i] = b[i % b.size()];
    db_expected[i % b.size()] += dy[i];
  }
  g.for_each_product([&](std::size_t i, std::size_t j, std::size_t o) {
    y_expected[o] += double(x[i]) * w[j];
    dx_expected[i] += double(dy[o]) * w[j];
    dw_expected[j] += double(dy[o]) * x[i];
  });
  std::vector<double> z_expected = y_expected;
  for (std::size_t i = 0; i < z_expected.size(); ++i) z_expected[i] -= b[i % b.size()];
  const std::vector<double> without_relu = y_expected;
  for (double& value : y_expected) value = std::max(value, 0.0);

  convolution.product(x_device.data(), w_device.data(), y.data());
  EXPECT_EQ(y.get(), rounded_once(z_expected));
  convolution.forward(x_device.data(), w_device.data(), b_device.data(), false, y.data());
  EXPECT_EQ(y.get(), rounded_once(without_relu));
  convolution.forward(x_device.data(), w_device.data(), b_device.data(), true, y.data());
  convolution.backward_data(dy_device.data(), w_device.data(), dx.data());
  convolution.backward_weights(x_device.data(), dy_device.data(), dw.data(), db.data());
  EXPECT_EQ(y.get(), rounded_once(y_expected));
  EXPECT_EQ(dx.get(), rounded_once(dx_expected));
  EXPECT_EQ(dw.get(), rounded_once(dw_expected));
  EXPECT_EQ(db.get(), rounded_once(db_expected));
}

void expect_linear(palimpsest::Precision precision, const palimpsest::LinearShape& shape) {
  cuda::Context context(precision);
  cuda::CublasLtProduct product(context, shape);
  for (const auto pass : kPasses) ASSERT_EQ(product.plan(pass, cuda::Provider::library), cuda::Provider::library);
  const auto n = std::size_t(shape.n), inputs = std::size_t(shape.c), outputs = std::size_t(shape.k);
  const auto x = exact_values(n * inputs, 1), w = exact_values(outputs * inputs, 2), b = exact_values(outputs, 3),
             dy = exact_values(n * outputs, 4);
  const DeviceArray x_device(x), w_device(w), b_device(b), dy_device(dy), y(n * outputs), dx(n * inputs),
      dw(outputs * inputs), db(outputs);

  std::vector<double> y_expected(n * outputs), dx_expected(n * inputs), dw_expected(outputs * inputs),
      db_expected(outputs);
  for (std::size_t row = 0; row < n; ++row)
    for (std::size_t o = 0; o < outputs; ++o) {
      double sum = b[o];
      const float gradient = dy[row * outputs + o];
      db_expected[o] += gradient;
      for (std::size_t i = 0; i < inputs; ++i) {
        sum += double(x[row * inputs + i]) * w[o * inputs + i];
        dx_expected[row * inputs + i] += double(gradient) * w[o * inputs + i];
        dw_expected[o * inputs + i] += double(gradient) * x[row * inputs + i];
      }
      y_expected[row * outputs + o] = std::max(sum, 0.0);
    }

  product.forward(x_device.data(), w_device.data(), b_device.data(), true, y.data());
  product.backward_data(dy_device.data(), w_device.data(), dx.data());
  product.backward_weights(x_device.data(), dy_device.data(), dw.data(), db.data());
  EXPECT_EQ(y.get(), rounded_once(y_expected));
  EXPECT_EQ(dx.get(), rounded_once(dx_expected));
  EXPECT_EQ(dw.get(), rounded_once(dw_expected));
  EXPECT_EQ(db.get(), rounded_once(db_expected));
}

}  // namespace

TEST(LibraryCalls, Convolutions) {
  for (const auto precision : {palimpsest::Precision::fp32, palimpsest::Precision::tf32})
    for (const auto wanted : {cuda::Provider::library, cuda::Provider::library_legacy})
      for (const palimpsest::Conv2dShape& shape :
           {palimpsest::Conv2dShape{1, 1, 1, 1, 1}, palimpsest::Conv2dShape{2, 3, 5, 7, 9},
            palimpsest::Conv2dShape{1, 16, 17, 19, 8}})
        expect_convolution(precision, wanted, shape);
}

// In fp32 the ReLU of the stand-ins' engine turns NaN into 0, in TF32 it does not; ours never does.
TEST(LibraryCalls, NanPassesTheReluOfAConvolution) {
  const palimpsest::Conv2dShape shape{1, 8, 4, 5, 8};
  for (const auto precision : {palimpsest::Precision::fp32, palimpsest::Precision::tf32}) {
    cuda::Context context(precision);
    const auto with_relu =
        cuda::CudnnPlan::make({cuda::cudnn_of(context).get()}, shape, cuda::ConvolutionGraph::product_bias_relu,
                              precision, std::size_t{1} << 20);
    ASSERT_TRUE(with_relu);
    auto x = exact_values(160, 1);
    x[0] = std::numeric_limits<float>::quiet_NaN();
    const DeviceArray x_device(x), w(exact_values(576, 2)), b(exact_values(8, 3)), y(160), workspace(1 << 18);
    with_relu->run(cuda::cudnn_of(context).get(), {x_device.data(), w.data(), y.data(), b.data()}, workspace.data());
    EXPECT_EQ(std::isnan(y.get()[0]), precision == palimpsest::Precision::tf32);
    cuda::CudnnConvolution convolution(context, shape);
    ASSERT_TRUE(convolution.plan(palimpsest::LayerPass::forward, cuda::Provider::library));
    convolution.forward(x_device.data(), w.data(), b.data(), true, y.data());
    EXPECT_TRUE(std::isnan(y.get()[0]));
    EXPECT_FALSE(std::isnan(y.get()[159]));
  }
}

// Those that the stand-ins propose before it are inexact, sum in no fixed order, fail, or need a gigabyte.
TEST(LibraryCalls, AGraphRunsByTheFirstEngineThatServes) {
  const cuda::Context context(palimpsest::Precision::fp32);
  const cuda::CudnnHandle handle(context.stream.get());
  const auto engine = [&](palimpsest::Precision precision, std::size_t most_workspace) {
    const auto plan = cuda::CudnnPlan::make({handle.get()}, palimpsest::Conv2dShape{1, 8, 4, 5, 8},
                                            cuda::ConvolutionGraph::backward_data, precision, most_workspace);
    return plan ? plan->engine() : -1;
  };
  EXPECT_EQ(engine(palimpsest::Precision::fp32, std::size_t{512} << 20), 1);
  EXPECT_EQ(engine(palimpsest::Precision::tf32, std::size_t{512} << 20), 5);
  EXPECT_EQ(engine(palimpsest::Precision::fp32, std::size_t{2} << 30), 6);
  EXPECT_EQ(engine(palimpsest::Precision::fp32, 0), -1);
}

TEST(LibraryCalls, FullyConnectedLayers) {
  for (const auto precision : {palimpsest::Precision::fp32, palimpsest::Precision::tf32, palimpsest::Precision::bf16})
    for (const palimpsest::LinearShape& shape :
         {palimpsest::LinearShape{1, 1, 1}, palimpsest::LinearShape{3, 29, 7}, palimpsest::LinearShape{9, 300, 33}})
      expect_linear(precision, shape);
}

TEST(Architectures, KnowWhichGpusRunTheirMachineCode) {
  using cuda::has_machine_code;
  EXPECT_TRUE(has_machine_code("80", 80));
  EXPECT_TRUE(has_machine_code("80", 89));   // the same major number
  EXPECT_FALSE(has_machine_code("80", 90));  // only its PTX runs there
  EXPECT_FALSE(has_machine_code("86-real", 80));
  EXPECT_TRUE(has_machine_code("75-real,90", 90));
  EXPECT_FALSE(has_machine_code("75,80-virtual", 80));
  EXPECT_TRUE(has_machine_code("90a-real", 90));
  EXPECT_FALSE(has_machine_code("100a", 103));
  EXPECT_TRUE(has_machine_code("120", 121));
  EXPECT_FALSE(has_machine_code("", 80));
}
