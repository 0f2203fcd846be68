// Every wrong argument is rejected with a status; misuse that would corrupt memory on a GPU is a finding.
#include <functional>
#include <string>

#include "convolution_case.h"
#include "simt/work.h"

namespace {

constexpr float kOne = 1, kZero = 0;
constexpr auto kOnTensorCores = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
const Geometry kGeometry{2, 8, 5, 7, 16};

// A correct call, one argument of which is then made wrong.
struct Call {
  ConvolutionDescriptors d{kGeometry, CUDNN_FMA_MATH};
  DeviceArray x{exact_values(kGeometry.x_count(), 1)}, w{exact_values(kGeometry.w_count(), 2)}, y{kGeometry.y_count()};
  DeviceArray scratch{1 << 16};

  cudnnHandle_t handle = d.handle;
  const void *alpha = &kOne, *beta = &kZero;
  const void *x_data = x.data(), *w_data = w.data();
  void *y_data = y.data(), *workspace = scratch.data();
  std::size_t workspace_bytes = scratch.bytes();
  cudnnConvolutionFwdAlgo_t algorithm = kOnTensorCores;
  cudnnTensorDescriptor_t x_descriptor = d.x;

  cudnnStatus_t operator()() const {
    return cudnnConvolutionForward(handle, alpha, x_descriptor, x_data, d.w, w_data, d.convolution, algorithm,
                                   workspace, workspace_bytes, beta, d.y, y_data);
  }
};

cudnnStatus_t status_of(const std::function<void(Call&)>& corrupt) {
  Call call;
  EXPECT_EQ(call(), CUDNN_STATUS_SUCCESS);
  corrupt(call);
  const cudnnStatus_t status = call();
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  return status;
}

const void* shifted(const void* pointer, std::ptrdiff_t bytes) {
  return static_cast<const char*>(pointer) + bytes;
}
void* shifted(void* pointer, std::ptrdiff_t bytes) {
  return static_cast<char*>(pointer) + bytes;
}

}  // namespace

TEST(CudnnMisuse, MissingArguments) {
  EXPECT_EQ(status_of([](Call& call) { call.handle = nullptr; }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.alpha = nullptr; }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.beta = nullptr; }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.x_data = nullptr; }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.w_data = nullptr; }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.y_data = nullptr; }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.x_descriptor = nullptr; }), CUDNN_STATUS_BAD_PARAM);
}

TEST(CudnnMisuse, Workspaces) {
  EXPECT_EQ(status_of([](Call& call) { call.workspace = nullptr; }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.workspace_bytes = 16; }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.workspace = shifted(call.workspace, 4); }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) {
              call.algorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;  // needs none
              call.workspace = nullptr;
              call.workspace_bytes = 0;
            }),
            CUDNN_STATUS_SUCCESS);
}

TEST(CudnnMisuse, WorkspaceOfTheHeuristicsIsJustEnough) {
  Call call;
  int found = 0;
  cudnnConvolutionFwdAlgoPerf_t best;
  ASSERT_EQ(cudnnGetConvolutionForwardAlgorithm_v7(call.handle, call.d.x, call.d.w, call.d.convolution, call.d.y, 1,
                                                   &found, &best),
            CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(best.algo, kOnTensorCores);
  ASSERT_GT(best.memory, 0u);
  call.workspace_bytes = best.memory;
  EXPECT_EQ(call(), CUDNN_STATUS_SUCCESS);
  call.workspace_bytes = best.memory - 1;
  EXPECT_EQ(call(), CUDNN_STATUS_BAD_PARAM);
}

TEST(CudnnMisuse, Alignment) {
  EXPECT_EQ(status_of([](Call& call) { call.x_data = shifted(call.x_data, 4); }), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(status_of([](Call& call) { call.y_data = shifted(call.y_data, 8); }), CUDNN_STATUS_BAD_PARAM);
}

TEST(CudnnMisuse, Descriptors) {
  const auto with_x = [](cudnnTensorFormat_t format, cudnnDataType_t type, int n, int c) {
    return status_of([=](Call& call) {
      ASSERT_EQ(cudnnSetTensor4dDescriptor(call.d.x, format, type, n, c, 5, 7), CUDNN_STATUS_SUCCESS);
    });
  };
  EXPECT_EQ(with_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1, 8), CUDNN_STATUS_BAD_PARAM);  // another batch than y
  EXPECT_EQ(with_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 2, 4), CUDNN_STATUS_BAD_PARAM);  // other channels than w
  EXPECT_EQ(with_x(CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 8), CUDNN_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(with_x(CUDNN_TENSOR_NHWC, CUDNN_DATA_HALF, 2, 8), CUDNN_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(status_of([](Call& call) {  // a gap after every row
              ASSERT_EQ(cudnnSetTensor4dDescriptorEx(call.d.x, CUDNN_DATA_FLOAT, 2, 8, 5, 7, 320, 1, 64, 8),
                        CUDNN_STATUS_SUCCESS);
            }),
            CUDNN_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(status_of([](Call& call) {
              ASSERT_EQ(cudnnSetFilter4dDescriptor(call.d.w, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, 16, 8, 3, 3),
                        CUDNN_STATUS_SUCCESS);
            }),
            CUDNN_STATUS_NOT_SUPPORTED);
}

TEST(CudnnMisuse, Convolutions) {
  const auto with = [](int pad, int stride, cudnnConvolutionMode_t mode) {
    return status_of([=](Call& call) {
      ASSERT_EQ(
          cudnnSetConvolution2dDescriptor(call.d.convolution, pad, pad, stride, stride, 1, 1, mode, CUDNN_DATA_FLOAT),
          CUDNN_STATUS_SUCCESS);
    });
  };
  EXPECT_EQ(with(0, 1, CUDNN_CROSS_CORRELATION), CUDNN_STATUS_BAD_PARAM);  // y is then smaller
  EXPECT_EQ(with(1, 2, CUDNN_CROSS_CORRELATION), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(with(1, 1, CUDNN_CONVOLUTION), CUDNN_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(status_of([](Call& call) {
              ASSERT_EQ(cudnnSetConvolutionMathType(call.d.convolution, CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION),
                        CUDNN_STATUS_SUCCESS);
            }),
            CUDNN_STATUS_NOT_SUPPORTED);
}

TEST(CudnnMisuse, AlgorithmsThatDoNotExistHere) {
  for (const auto algorithm : {CUDNN_CONVOLUTION_FWD_ALGO_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_DIRECT,
                               CUDNN_CONVOLUTION_FWD_ALGO_FFT, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD})
    EXPECT_EQ(status_of([=](Call& call) { call.algorithm = algorithm; }), CUDNN_STATUS_NOT_SUPPORTED);
}

TEST(CudnnMisuse, BackwardPasses) {
  Call c;
  const auto data = [&](const void* dy, void* workspace) {
    return cudnnConvolutionBackwardData(c.handle, &kOne, c.d.w, c.w_data, c.d.y, dy, c.d.convolution,
                                        CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, workspace, c.workspace_bytes, &kZero, c.d.x,
                                        c.x.data());
  };
  EXPECT_EQ(data(c.y.data(), c.workspace), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(data(nullptr, c.workspace), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(data(c.y.data(), nullptr), CUDNN_STATUS_BAD_PARAM);
  const auto filter = [&](const void* dy, void* workspace) {
    return cudnnConvolutionBackwardFilter(c.handle, &kOne, c.d.x, c.x_data, c.d.y, dy, c.d.convolution,
                                          CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, workspace, c.workspace_bytes, &kZero,
                                          c.d.w, c.w.data());
  };
  EXPECT_EQ(filter(c.y.data(), c.workspace), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(filter(nullptr, c.workspace), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(filter(c.y.data(), nullptr), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST(CudnnMisuse, HeuristicsRefuseTheSame) {
  const Call c;
  int found = 0;
  cudnnConvolutionFwdAlgoPerf_t results[8];
  const auto ask = [&](cudnnHandle_t handle, cudnnTensorDescriptor_t y, int requested, int* returned) {
    return cudnnGetConvolutionForwardAlgorithm_v7(handle, c.d.x, c.d.w, c.d.convolution, y, requested, returned,
                                                  results);
  };
  EXPECT_EQ(ask(c.handle, c.d.y, 8, &found), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(ask(nullptr, c.d.y, 8, &found), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(ask(c.handle, c.d.x, 8, &found), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(ask(c.handle, c.d.y, 0, &found), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(ask(c.handle, c.d.y, 8, nullptr), CUDNN_STATUS_BAD_PARAM);
}

// The library accepts these, and fails later or elsewhere.
TEST(CudnnMisuse, GraphsOfUnfinishedDescriptors) {
  cudnnBackendDescriptor_t tensor = nullptr, operation = nullptr;
  ASSERT_EQ(cudnnBackendCreateDescriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR, &tensor), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnBackendCreateDescriptor(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, &operation),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(cudnnBackendSetAttribute(operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                                     CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, static_cast<const void*>(&tensor)),
            CUDNN_STATUS_BAD_PARAM);
  const cudnnDataType_t type = CUDNN_DATA_FLOAT;
  const std::int64_t values[] = {1, 8, 0, 4}, one = 1;
  cudnnBackendSetAttribute(tensor, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
  for (const auto name : {CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_ATTR_TENSOR_STRIDES})
    cudnnBackendSetAttribute(tensor, name, CUDNN_TYPE_INT64, 4, values);
  for (const auto name : {CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT})
    cudnnBackendSetAttribute(tensor, name, CUDNN_TYPE_INT64, 1, &one);
  EXPECT_EQ(cudnnBackendFinalize(tensor), CUDNN_STATUS_BAD_PARAM);
  for (const cudnnBackendDescriptor_t descriptor : {tensor, operation})
    EXPECT_EQ(cudnnBackendDestroyDescriptor(descriptor), CUDNN_STATUS_SUCCESS);
}

// On a GPU these would give an illegal address, later and elsewhere, or wrong numbers.
using CudnnMisuseDeathTest = testing::Test;
#define EXPECT_FINDING(statement, sentence) \
  EXPECT_EXIT(statement, testing::ExitedWithCode(palimpsest::simt::kFindingExitCode), sentence)

TEST(CudnnMisuseDeathTest, HostMemory) {
  Call call;
  alignas(16) static float aligned_host[2 * 5 * 7 * 8];
  call.x_data = aligned_host;
  EXPECT_FINDING(call(), "cudnnConvolutionForward: x is host memory");
}

TEST(CudnnMisuseDeathTest, MemoryThatIsTooSmall) {
  Call call;
  const DeviceArray little(kGeometry.y_count() - 1);
  call.y_data = little.data();
  EXPECT_FINDING(call(), "y needs 4480 bytes, its allocation ends after 4476");
}

TEST(CudnnMisuseDeathTest, FreedMemory) {
  Call call;
  float* freed = nullptr;
  ASSERT_EQ(cudaMalloc(&freed, call.w.bytes()), cudaSuccess);
  ASSERT_EQ(cudaFree(freed), cudaSuccess);
  call.w_data = freed;
  EXPECT_FINDING(call(), "w is freed memory");
}

TEST(CudnnMisuseDeathTest, WorkspaceShorterThanItIsSaidToBe) {
  Call call;
  const DeviceArray little(16);
  call.workspace = little.data();
  EXPECT_FINDING(call(), "the workspace needs");
}

TEST(CudnnMisuseDeathTest, ResultThatOverlapsAnInput) {
  Call call;
  call.y_data = call.scratch.data();
  call.workspace = call.scratch.data();
  EXPECT_FINDING(call(), "overlaps the workspace");
  call.workspace = shifted(call.scratch.data(), 1 << 15);
  call.x_data = shifted(call.scratch.data(), 64);
  EXPECT_FINDING(call(), "y, which it writes, overlaps x");
}
