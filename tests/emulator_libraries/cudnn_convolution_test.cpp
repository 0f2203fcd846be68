// The stand-ins' convolutions against plain loops in double, over odd shapes; precision, order, streams and graphs.
#include <gmock/gmock.h>

#include <limits>

#include "convolution_case.h"

namespace {

// Runs one pass with its tensors on the device: x, w and y, of which one is the result.
struct Passes {
  explicit Passes(const Geometry& geometry, cudnnMathType_t math = CUDNN_FMA_MATH)
      : g(geometry), d(geometry, math), x(g.x_count()), w(g.w_count()), y(g.y_count()), workspace(1 << 20) {}
  cudnnStatus_t forward(cudnnConvolutionFwdAlgo_t algorithm, float alpha = 1, float beta = 0) {
    return cudnnConvolutionForward(d.handle, &alpha, d.x, x.data(), d.w, w.data(), d.convolution, algorithm,
                                   workspace.data(), workspace.bytes(), &beta, d.y, y.data());
  }
  cudnnStatus_t data(cudnnConvolutionBwdDataAlgo_t algorithm, float alpha = 1, float beta = 0) {
    return cudnnConvolutionBackwardData(d.handle, &alpha, d.w, w.data(), d.y, y.data(), d.convolution, algorithm,
                                        workspace.data(), workspace.bytes(), &beta, d.x, x.data());
  }
  cudnnStatus_t filter(cudnnConvolutionBwdFilterAlgo_t algorithm, float alpha = 1, float beta = 0) {
    return cudnnConvolutionBackwardFilter(d.handle, &alpha, d.x, x.data(), d.y, y.data(), d.convolution, algorithm,
                                          workspace.data(), workspace.bytes(), &beta, d.w, w.data());
  }
  Geometry g;
  ConvolutionDescriptors d;
  DeviceArray x, w, y, workspace;
};

constexpr auto kForward = {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM};
constexpr auto kData = {CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1};
constexpr auto kFilter = {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1};

}  // namespace

TEST(CudnnConvolutionForward, IsTheSumOfProducts) {
  for (const Geometry& g : geometries()) {
    Passes run(g);
    const auto x = exact_values(g.x_count(), 1), w = exact_values(g.w_count(), 2),
               before = exact_values(g.y_count(), 3);
    std::vector<double> expected(before.begin(), before.end());
    for (double& value : expected) value *= -0.5;
    g.for_each_product([&](std::size_t i, std::size_t j, std::size_t o) { expected[o] += 2.0 * x[i] * w[j]; });
    run.x.set(x);
    run.w.set(w);
    for (const auto algorithm : kForward) {
      run.y.set(before);
      ASSERT_EQ(run.forward(algorithm, 2, -0.5f), CUDNN_STATUS_SUCCESS);
      EXPECT_EQ(run.y.get(), to_float(expected)) << g.n << ' ' << g.c << ' ' << g.h << ' ' << g.w << ' ' << g.k;
    }
  }
}

TEST(CudnnConvolutionBackwardData, IsTheTransposedMap) {
  for (const Geometry& g : geometries()) {
    Passes run(g);
    const auto dy = exact_values(g.y_count(), 1), w = exact_values(g.w_count(), 2),
               before = exact_values(g.x_count(), 3);
    std::vector<double> expected(before.begin(), before.end());
    for (double& value : expected) value *= -0.5;
    g.for_each_product([&](std::size_t i, std::size_t j, std::size_t o) { expected[i] += 2.0 * dy[o] * w[j]; });
    run.y.set(dy);
    run.w.set(w);
    for (const auto algorithm : kData) {
      run.x.set(before);
      ASSERT_EQ(run.data(algorithm, 2, -0.5f), CUDNN_STATUS_SUCCESS);
      EXPECT_EQ(run.x.get(), to_float(expected)) << g.n << ' ' << g.c << ' ' << g.h << ' ' << g.w << ' ' << g.k;
    }
  }
}

TEST(CudnnConvolutionBackwardFilter, IsTheSumOverPixels) {
  for (const Geometry& g : geometries()) {
    Passes run(g);
    const auto dy = exact_values(g.y_count(), 1), x = exact_values(g.x_count(), 2),
               before = exact_values(g.w_count(), 3);
    std::vector<double> expected(before.begin(), before.end());
    for (double& value : expected) value *= -0.5;
    g.for_each_product([&](std::size_t i, std::size_t j, std::size_t o) { expected[j] += 2.0 * dy[o] * x[i]; });
    run.y.set(dy);
    run.x.set(x);
    for (const auto algorithm : kFilter) {
      run.w.set(before);
      ASSERT_EQ(run.filter(algorithm, 2, -0.5f), CUDNN_STATUS_SUCCESS);
      EXPECT_EQ(run.w.get(), to_float(expected)) << g.n << ' ' << g.c << ' ' << g.h << ' ' << g.w << ' ' << g.k;
    }
  }
}

TEST(CudnnConvolution, DoesNotReadWhatItOverwrites) {
  const Geometry g{2, 8, 5, 7, 16};
  Passes run(g);
  const std::vector<float> nan(std::max({g.x_count(), g.w_count(), g.y_count()}),
                               std::numeric_limits<float>::quiet_NaN());
  const auto finite = testing::Each(testing::ResultOf([](float v) { return std::isfinite(v); }, true));
  run.x.set(exact_values(g.x_count(), 1));
  run.w.set(exact_values(g.w_count(), 2));
  run.y.set({nan.begin(), nan.begin() + long(g.y_count())});
  ASSERT_EQ(run.forward(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM), CUDNN_STATUS_SUCCESS);
  EXPECT_THAT(run.y.get(), finite);
  run.x.set({nan.begin(), nan.begin() + long(g.x_count())});
  ASSERT_EQ(run.data(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1), CUDNN_STATUS_SUCCESS);
  EXPECT_THAT(run.x.get(), finite);
  run.w.set({nan.begin(), nan.begin() + long(g.w_count())});
  ASSERT_EQ(run.filter(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1), CUDNN_STATUS_SUCCESS);
  EXPECT_THAT(run.w.get(), finite);
}

TEST(CudnnConvolution, NanInAnInputReachesTheOutput) {
  const Geometry g{1, 8, 5, 5, 8};
  Passes run(g);
  auto x = exact_values(g.x_count(), 1);
  x[0] = std::numeric_limits<float>::quiet_NaN();  // pixel (0, 0): seen by outputs (0..1, 0..1)
  run.x.set(x);
  run.w.set(exact_values(g.w_count(), 2));
  ASSERT_EQ(run.forward(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM), CUDNN_STATUS_SUCCESS);
  const auto y = run.y.get();
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i / 8 % 5 < 2 && i / 8 / 5 < 2) << i;
}

// The math type decides whether factors keep 24 bits or TF32's 11; without FMA_MATH the library may round.
TEST(CudnnConvolution, PrecisionFollowsTheMathType) {
  const Geometry g{2, 16, 6, 5, 8};
  const auto x = full_values(g.x_count(), 1), w = full_values(g.w_count(), 2);
  std::vector<double> expected(g.y_count()), size(g.y_count());
  g.for_each_product([&](std::size_t i, std::size_t j, std::size_t o) {
    expected[o] += double(x[i]) * w[j];
    size[o] += std::abs(double(x[i]) * w[j]);
  });
  const auto worst = [&](cudnnMathType_t math, cudnnConvolutionFwdAlgo_t algorithm) {
    Passes run(g, math);
    run.x.set(x);
    run.w.set(w);
    EXPECT_EQ(run.forward(algorithm), CUDNN_STATUS_SUCCESS);
    const auto y = run.y.get();
    double error = 0;
    for (std::size_t i = 0; i < y.size(); ++i) error = std::max(error, std::abs(y[i] - expected[i]) / size[i]);
    return error;
  };
  constexpr double kFloat = 0x1p-24, kTf32 = 0x1p-11;
  const auto precomputed = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
  EXPECT_LT(worst(CUDNN_FMA_MATH, precomputed), 12 * kFloat);
  EXPECT_LT(worst(CUDNN_TENSOR_OP_MATH, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM), 12 * kFloat);  // no tensor cores
  for (const auto math : {CUDNN_DEFAULT_MATH, CUDNN_TENSOR_OP_MATH}) {
    EXPECT_GT(worst(math, precomputed), 100 * kFloat);
    EXPECT_LT(worst(math, precomputed), 2 * kTf32);
  }
}

TEST(CudnnConvolution, OrderedAlgorithmsRepeatTheirBitsOthersDoNot) {
  const Geometry g{3, 8, 17, 13, 8};
  Passes run(g);
  run.x.set(full_values(g.x_count(), 1));
  run.y.set(full_values(g.y_count(), 2));
  const auto bits = [&](cudnnConvolutionBwdFilterAlgo_t algorithm) {
    EXPECT_EQ(run.filter(algorithm), CUDNN_STATUS_SUCCESS);
    return run.w.get();
  };
  EXPECT_EQ(bits(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1), bits(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1));
  EXPECT_NE(bits(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0), bits(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0));
}

TEST(CudnnConvolution, HeuristicsSayWhatRuns) {
  const Geometry g{2, 8, 5, 7, 16};
  Passes run(g);
  int found = 0;
  cudnnConvolutionBwdFilterAlgoPerf_t results[CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT];
  ASSERT_EQ(cudnnGetConvolutionBackwardFilterAlgorithm_v7(run.d.handle, run.d.x, run.d.y, run.d.convolution, run.d.w,
                                                          CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT, &found, results),
            CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(found, int{CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT});
  int can_run = 0, ordered = 0;
  for (const auto& result : results) {
    EXPECT_EQ(run.filter(result.algo), result.status) << result.algo;
    can_run += result.status == CUDNN_STATUS_SUCCESS;
    ordered += result.status == CUDNN_STATUS_SUCCESS && result.determinism == CUDNN_DETERMINISTIC;
  }
  EXPECT_EQ(can_run, 2);
  EXPECT_EQ(ordered, 1);
  EXPECT_EQ(results[0].determinism, CUDNN_NON_DETERMINISTIC);  // blindly taking the first is not repeatable
  ASSERT_EQ(cudnnGetConvolutionBackwardFilterAlgorithm_v7(run.d.handle, run.d.x, run.d.y, run.d.convolution, run.d.w, 1,
                                                          &found, results),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(found, 1);
}

// In the order of its stream, and again at every launch of a graph that recorded it.
TEST(CudnnConvolution, RunsInStreamOrderAndInGraphs) {
  const Geometry g{2, 8, 5, 7, 8};
  Passes run(g);
  const auto first = exact_values(g.x_count(), 1), second = exact_values(g.x_count(), 2),
             w = exact_values(g.w_count(), 3);
  run.x.set(first);
  run.w.set(w);
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudnnSetStream(run.d.handle, stream), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  ASSERT_EQ(run.forward(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM), CUDNN_STATUS_SUCCESS);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
  for (const auto& x : {first, second}) {
    run.x.set(x);
    ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    std::vector<double> expected(g.y_count());
    g.for_each_product([&](std::size_t i, std::size_t j, std::size_t o) { expected[o] += double(x[i]) * w[j]; });
    EXPECT_EQ(run.y.get(), to_float(expected));
  }
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudnnSetStream(run.d.handle, nullptr), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}
