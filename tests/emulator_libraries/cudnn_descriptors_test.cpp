// What cuDNN's descriptors hold, answer and refuse. Built twice: against the stand-ins, and against the real library
// where it is installed, whose descriptors work without a GPU. Both must give the same.
#include <cudnn.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace {

struct Tensor {
  cudnnTensorDescriptor_t get = nullptr;
  Tensor() { EXPECT_EQ(cudnnCreateTensorDescriptor(&get), CUDNN_STATUS_SUCCESS); }
  Tensor(cudnnTensorFormat_t format, int n, int c, int h, int w) : Tensor() {
    EXPECT_EQ(cudnnSetTensor4dDescriptor(get, format, CUDNN_DATA_FLOAT, n, c, h, w), CUDNN_STATUS_SUCCESS);
  }
  ~Tensor() { EXPECT_EQ(cudnnDestroyTensorDescriptor(get), CUDNN_STATUS_SUCCESS); }
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  std::vector<int> values() const {
    std::vector<int> v(8);
    cudnnDataType_t type = CUDNN_DATA_DOUBLE;
    EXPECT_EQ(cudnnGetTensor4dDescriptor(get, &type, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]),
              CUDNN_STATUS_SUCCESS);
    v.push_back(type);
    return v;
  }
  std::size_t bytes() const {
    std::size_t size = 0;
    EXPECT_EQ(cudnnGetTensorSizeInBytes(get, &size), CUDNN_STATUS_SUCCESS);
    return size;
  }
};

struct Filter {
  cudnnFilterDescriptor_t get = nullptr;
  Filter() { EXPECT_EQ(cudnnCreateFilterDescriptor(&get), CUDNN_STATUS_SUCCESS); }
  Filter(cudnnTensorFormat_t format, int k, int c, int h, int w) : Filter() {
    EXPECT_EQ(cudnnSetFilter4dDescriptor(get, CUDNN_DATA_FLOAT, format, k, c, h, w), CUDNN_STATUS_SUCCESS);
  }
  ~Filter() { EXPECT_EQ(cudnnDestroyFilterDescriptor(get), CUDNN_STATUS_SUCCESS); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
};

struct Convolution {
  cudnnConvolutionDescriptor_t get = nullptr;
  Convolution() { EXPECT_EQ(cudnnCreateConvolutionDescriptor(&get), CUDNN_STATUS_SUCCESS); }
  ~Convolution() { EXPECT_EQ(cudnnDestroyConvolutionDescriptor(get), CUDNN_STATUS_SUCCESS); }
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;
  cudnnStatus_t set(int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h, int dilation_w) const {
    return cudnnSetConvolution2dDescriptor(get, pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w,
                                           CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT);
  }
};

std::vector<int> output_dim(const Convolution& convolution, const Tensor& x, const Filter& w,
                            cudnnStatus_t expected = CUDNN_STATUS_SUCCESS) {
  std::vector<int> v(4, -1);
  EXPECT_EQ(cudnnGetConvolution2dForwardOutputDim(convolution.get, x.get, w.get, &v[0], &v[1], &v[2], &v[3]), expected);
  return v;
}

}  // namespace

TEST(CudnnTensorDescriptor, FormatsGiveStrides) {
  EXPECT_EQ(Tensor(CUDNN_TENSOR_NHWC, 2, 8, 5, 7).values(), (std::vector<int>{2, 8, 5, 7, 280, 1, 56, 8, 0}));
  EXPECT_EQ(Tensor(CUDNN_TENSOR_NCHW, 2, 8, 5, 7).values(), (std::vector<int>{2, 8, 5, 7, 280, 35, 7, 1, 0}));
  EXPECT_EQ(Tensor(CUDNN_TENSOR_NHWC, 1, 1, 1, 1).values(), (std::vector<int>{1, 1, 1, 1, 1, 1, 1, 1, 0}));
}

TEST(CudnnTensorDescriptor, KeepsStridesItIsGiven) {
  const Tensor tensor;
  ASSERT_EQ(cudnnSetTensor4dDescriptorEx(tensor.get, CUDNN_DATA_FLOAT, 2, 3, 5, 7, 120, 1, 24, 3),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(tensor.values(), (std::vector<int>{2, 3, 5, 7, 120, 1, 24, 3, 0}));
  EXPECT_EQ(tensor.bytes(), std::size_t{4 * (120 + 2 + 4 * 24 + 6 * 3 + 1)});  // to the last value, gaps included
  EXPECT_EQ(cudnnSetTensor4dDescriptorEx(tensor.get, CUDNN_DATA_FLOAT, 2, 3, 5, 7, 105, 1, 21, 0),
            CUDNN_STATUS_BAD_PARAM);
}

TEST(CudnnTensorDescriptor, Sizes) {
  EXPECT_EQ(Tensor(CUDNN_TENSOR_NHWC, 3, 8, 5, 7).bytes(), std::size_t{3 * 8 * 5 * 7 * 4});
  EXPECT_EQ(Tensor(CUDNN_TENSOR_NHWC, 668, 64, 224, 224).bytes(), 668 * std::size_t{64 * 224 * 224 * 4});
  EXPECT_EQ(Tensor().bytes(), 0u);
}

TEST(CudnnTensorDescriptor, RefusesMoreThan31BitsOfValues) {
  const Tensor tensor;  // VGG16's first layer at batch 669
  EXPECT_EQ(cudnnSetTensor4dDescriptor(tensor.get, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 669, 64, 224, 224),
            CUDNN_STATUS_NOT_SUPPORTED);
}

TEST(CudnnTensorDescriptor, RefusesNonsense) {
  const Tensor tensor;
  const auto set = [&](cudnnTensorFormat_t format, cudnnDataType_t type, int n, int c) {
    return cudnnSetTensor4dDescriptor(tensor.get, format, type, n, c, 4, 4);
  };
  EXPECT_EQ(set(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 0, 8), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(set(CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1, -8), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(set(static_cast<cudnnTensorFormat_t>(3), CUDNN_DATA_FLOAT, 1, 8), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(set(CUDNN_TENSOR_NCHW_VECT_C, CUDNN_DATA_FLOAT, 1, 8), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(set(CUDNN_TENSOR_NHWC, static_cast<cudnnDataType_t>(31), 1, 8), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnSetTensor4dDescriptor(nullptr, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1, 8, 4, 4),
            CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnCreateTensorDescriptor(nullptr), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnDestroyTensorDescriptor(nullptr), CUDNN_STATUS_SUCCESS);
  std::size_t size = 0;
  EXPECT_EQ(cudnnGetTensorSizeInBytes(nullptr, &size), CUDNN_STATUS_BAD_PARAM);
}

TEST(CudnnFilterDescriptor, HoldsWhatItIsGiven) {
  const Filter filter(CUDNN_TENSOR_NHWC, 16, 8, 3, 5);
  cudnnDataType_t type = CUDNN_DATA_DOUBLE;
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  int k = 0, c = 0, h = 0, w = 0;
  ASSERT_EQ(cudnnGetFilter4dDescriptor(filter.get, &type, &format, &k, &c, &h, &w), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ((std::array{int(type), int(format), k, c, h, w}), (std::array{0, 1, 16, 8, 3, 5}));
  std::size_t size = 0;
  ASSERT_EQ(cudnnGetFilterSizeInBytes(filter.get, &size), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(size, std::size_t{16 * 8 * 3 * 5 * 4});
}

TEST(CudnnFilterDescriptor, RefusesNonsense) {
  const Filter filter;
  const auto set = [&](cudnnDataType_t type, cudnnTensorFormat_t format, int k) {
    return cudnnSetFilter4dDescriptor(filter.get, type, format, k, 8, 3, 3);
  };
  EXPECT_EQ(set(CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, 0), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(set(CUDNN_DATA_FLOAT, static_cast<cudnnTensorFormat_t>(3), 8), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(set(static_cast<cudnnDataType_t>(31), CUDNN_TENSOR_NHWC, 8), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnSetFilter4dDescriptor(nullptr, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, 8, 8, 3, 3),
            CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnCreateFilterDescriptor(nullptr), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnDestroyFilterDescriptor(nullptr), CUDNN_STATUS_SUCCESS);
}

TEST(CudnnConvolutionDescriptor, HoldsWhatItIsGiven) {
  const Convolution convolution;
  ASSERT_EQ(convolution.set(2, 0, 3, 1, 2, 4), CUDNN_STATUS_SUCCESS);
  std::array<int, 6> v{};
  cudnnConvolutionMode_t mode = CUDNN_CONVOLUTION;
  cudnnDataType_t type = CUDNN_DATA_DOUBLE;
  ASSERT_EQ(cudnnGetConvolution2dDescriptor(convolution.get, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &mode, &type),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(v, (std::array{2, 0, 3, 1, 2, 4}));
  EXPECT_EQ(mode, CUDNN_CROSS_CORRELATION);
  EXPECT_EQ(type, CUDNN_DATA_FLOAT);
}

TEST(CudnnConvolutionDescriptor, MathTypeOutlivesSetting) {
  const Convolution convolution;
  cudnnMathType_t math = CUDNN_FMA_MATH;
  ASSERT_EQ(cudnnGetConvolutionMathType(convolution.get, &math), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(math, CUDNN_DEFAULT_MATH);
  ASSERT_EQ(cudnnSetConvolutionMathType(convolution.get, CUDNN_FMA_MATH), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(convolution.set(1, 1, 1, 1, 1, 1), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnGetConvolutionMathType(convolution.get, &math), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(math, CUDNN_FMA_MATH);
}

TEST(CudnnConvolutionDescriptor, RefusesNonsense) {
  const Convolution convolution;
  EXPECT_EQ(convolution.set(-1, 1, 1, 1, 1, 1), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(convolution.set(1, 1, 0, 1, 1, 1), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(convolution.set(1, 1, 1, 1, 1, 0), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnSetConvolution2dDescriptor(convolution.get, 1, 1, 1, 1, 1, 1, static_cast<cudnnConvolutionMode_t>(3),
                                            CUDNN_DATA_FLOAT),
            CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnSetConvolution2dDescriptor(convolution.get, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION,
                                            static_cast<cudnnDataType_t>(31)),
            CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnSetConvolutionMathType(convolution.get, static_cast<cudnnMathType_t>(5)), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnSetConvolutionMathType(nullptr, CUDNN_FMA_MATH), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnCreateConvolutionDescriptor(nullptr), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnDestroyConvolutionDescriptor(nullptr), CUDNN_STATUS_SUCCESS);
}

// Every 3x3 convolution of VGG16 keeps the extents; other geometries follow the formula.
TEST(CudnnConvolution, OutputExtents) {
  const Convolution convolution;
  ASSERT_EQ(convolution.set(1, 1, 1, 1, 1, 1), CUDNN_STATUS_SUCCESS);
  for (const int size : {224, 112, 56, 28, 14, 7, 2, 1})
    for (const int c : {8, 64, 512})
      EXPECT_EQ(output_dim(convolution, Tensor(CUDNN_TENSOR_NHWC, 8, c, size, size + 1),
                           Filter(CUDNN_TENSOR_NHWC, 24, c, 3, 3)),
                (std::vector<int>{8, 24, size, size + 1}));
  ASSERT_EQ(convolution.set(2, 0, 3, 2, 2, 1), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(output_dim(convolution, Tensor(CUDNN_TENSOR_NHWC, 2, 8, 5, 7), Filter(CUDNN_TENSOR_NHWC, 16, 8, 3, 3)),
            (std::vector<int>{2, 16, 2, 3}));
  ASSERT_EQ(convolution.set(3, 2, 2, 3, 1, 2), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(output_dim(convolution, Tensor(CUDNN_TENSOR_NCHW, 1, 3, 11, 13), Filter(CUDNN_TENSOR_NCHW, 5, 3, 4, 3)),
            (std::vector<int>{1, 5, 7, 5}));
}

TEST(CudnnConvolution, RefusesWhatDoesNotFit) {
  const Convolution convolution, fresh;
  ASSERT_EQ(convolution.set(1, 1, 1, 1, 1, 1), CUDNN_STATUS_SUCCESS);
  const Tensor x(CUDNN_TENSOR_NHWC, 2, 8, 5, 7), no_tensor;
  const Filter w(CUDNN_TENSOR_NHWC, 16, 8, 3, 3), no_filter;
  output_dim(convolution, x, Filter(CUDNN_TENSOR_NHWC, 16, 16, 3, 3), CUDNN_STATUS_BAD_PARAM);
  output_dim(convolution, x, Filter(CUDNN_TENSOR_NHWC, 16, 4, 3, 3), CUDNN_STATUS_BAD_PARAM);
  output_dim(convolution, x, Filter(CUDNN_TENSOR_NHWC, 16, 8, 8, 3), CUDNN_STATUS_BAD_PARAM);
  output_dim(convolution, x, no_filter, CUDNN_STATUS_BAD_PARAM);
  output_dim(convolution, no_tensor, w, CUDNN_STATUS_BAD_PARAM);
  output_dim(fresh, x, w, CUDNN_STATUS_BAD_PARAM);
}

TEST(Cudnn, NamesItsStatuses) {
  for (const auto& [status, name] : {std::pair{CUDNN_STATUS_SUCCESS, "CUDNN_STATUS_SUCCESS"},
                                     std::pair{CUDNN_STATUS_NOT_INITIALIZED, "CUDNN_STATUS_NOT_INITIALIZED"},
                                     std::pair{CUDNN_STATUS_BAD_PARAM, "CUDNN_STATUS_BAD_PARAM"},
                                     std::pair{CUDNN_STATUS_NOT_SUPPORTED, "CUDNN_STATUS_NOT_SUPPORTED"},
                                     std::pair{CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR"},
                                     std::pair{CUDNN_STATUS_EXECUTION_FAILED, "CUDNN_STATUS_EXECUTION_FAILED"}})
    EXPECT_STREQ(cudnnGetErrorString(status), name);
  EXPECT_STREQ(cudnnGetErrorString(static_cast<cudnnStatus_t>(77)), "CUDNN_UNKNOWN_STATUS");
  EXPECT_GE(cudnnGetVersion(), std::size_t{90000});
}

TEST(Cudnn, SaysWhatWasWrong) {
  const Tensor tensor;
  ASSERT_EQ(cudnnSetTensor4dDescriptor(tensor.get, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 0, 8, 4, 4),
            CUDNN_STATUS_BAD_PARAM);
  std::array<char, 256> message{};
  cudnnGetLastErrorString(message.data(), message.size());
  EXPECT_GT(std::string(message.data()).size(), 5u);
  std::array<char, 4> little{'x', 'x', 'x', 'x'};
  ASSERT_EQ(cudnnSetTensor4dDescriptor(tensor.get, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 0, 8, 4, 4),
            CUDNN_STATUS_BAD_PARAM);
  cudnnGetLastErrorString(little.data(), little.size());
  EXPECT_EQ(little.back(), '\0');
}

TEST(Cudnn, NullHandles) {
  EXPECT_EQ(cudnnCreate(nullptr), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnDestroy(nullptr), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(cudnnSetStream(nullptr, nullptr), CUDNN_STATUS_BAD_PARAM);
}
