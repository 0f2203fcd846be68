#pragma once
#include <cudnn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "device_array.h"

// One geometry, with its descriptors, and the three passes in double.
struct Geometry {
  int n, c, h, w, k, r = 3, s = 3;
  int pad[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1};

  int p() const { return (h + 2 * pad[0] - (r - 1) * dilation[0] - 1) / stride[0] + 1; }
  int q() const { return (w + 2 * pad[1] - (s - 1) * dilation[1] - 1) / stride[1] + 1; }
  std::size_t x_count() const { return std::size_t(n) * h * w * c; }
  std::size_t y_count() const { return std::size_t(n) * p() * q() * k; }
  std::size_t w_count() const { return std::size_t(k) * r * s * c; }

  // visit(index into x, into w, into y) for every product.
  template <class Visit>
  void for_each_product(const Visit& visit) const {
    for (int i = 0; i < n; ++i)
      for (int row = 0; row < p(); ++row)
        for (int column = 0; column < q(); ++column)
          for (int o = 0; o < k; ++o)
            for (int a = 0; a < r; ++a)
              for (int b = 0; b < s; ++b) {
                const int y = row * stride[0] + a * dilation[0] - pad[0];
                const int x = column * stride[1] + b * dilation[1] - pad[1];
                if (y < 0 || y >= h || x < 0 || x >= w) continue;
                for (int channel = 0; channel < c; ++channel)
                  visit(((std::size_t(i) * h + y) * w + x) * c + channel,
                        ((std::size_t(o) * r + a) * s + b) * c + channel,
                        ((std::size_t(i) * p() + row) * q() + column) * k + o);
              }
  }
};

inline std::vector<Geometry> geometries() {
  return {
      {1, 8, 1, 1, 8},
      {1, 1, 5, 4, 1},
      {2, 8, 5, 7, 16},
      {3, 3, 9, 2, 5},
      {1, 40, 6, 6, 24},
      {2, 16, 19, 17, 8},  // more than one chunk of pixels
      {2, 8, 11, 9, 8, 3, 2, {2, 0}, {3, 2}, {2, 1}},
  };
}

class ConvolutionDescriptors {
 public:
  ConvolutionDescriptors(const Geometry& g, cudnnMathType_t math) {
    EXPECT_EQ(cudnnCreate(&handle), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnCreateTensorDescriptor(&x), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnCreateTensorDescriptor(&y), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnCreateFilterDescriptor(&w), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnCreateConvolutionDescriptor(&convolution), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetTensor4dDescriptor(x, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, g.n, g.c, g.h, g.w),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetTensor4dDescriptor(y, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, g.n, g.k, g.p(), g.q()),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetFilter4dDescriptor(w, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, g.k, g.c, g.r, g.s),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetConvolution2dDescriptor(convolution, g.pad[0], g.pad[1], g.stride[0], g.stride[1], g.dilation[0],
                                              g.dilation[1], CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnSetConvolutionMathType(convolution, math), CUDNN_STATUS_SUCCESS);
  }
  ~ConvolutionDescriptors() {
    EXPECT_EQ(cudnnDestroyConvolutionDescriptor(convolution), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnDestroyFilterDescriptor(w), CUDNN_STATUS_SUCCESS);
    for (cudnnTensorDescriptor_t tensor : {x, y}) EXPECT_EQ(cudnnDestroyTensorDescriptor(tensor), CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(cudnnDestroy(handle), CUDNN_STATUS_SUCCESS);
  }
  ConvolutionDescriptors(const ConvolutionDescriptors&) = delete;
  ConvolutionDescriptors& operator=(const ConvolutionDescriptors&) = delete;

  cudnnHandle_t handle = nullptr;
  cudnnTensorDescriptor_t x = nullptr, y = nullptr;
  cudnnFilterDescriptor_t w = nullptr;
  cudnnConvolutionDescriptor_t convolution = nullptr;
};
