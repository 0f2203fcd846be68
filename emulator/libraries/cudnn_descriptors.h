#pragma once
#include <cstddef>
#include <cstdint>

#include "cudnn.h"

// The objects behind the handles and descriptors of cudnn.h. A new descriptor is zero and not set.
struct cudnnContext {
  cudaStream_t stream = nullptr;
};

// Extents and strides (in values) in the order n, c, h, w.
struct cudnnTensorStruct {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  int extent[4] = {0, 0, 0, 0};
  int stride[4] = {0, 0, 0, 0};

  bool described() const { return extent[0] > 0; }
  bool is_nhwc() const;  // without gaps
  bool has_shape(int n, int c, int h, int w) const;
  std::size_t bytes() const;  // from the first value to the last
};

// k output channels, c input channels, r x s taps.
struct cudnnFilterStruct {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  int k = 0, c = 0, r = 0, s = 0;

  bool described() const { return k > 0; }
  std::size_t bytes() const;
};

struct cudnnConvolutionStruct {
  int pad[2] = {0, 0}, stride[2] = {0, 0}, dilation[2] = {0, 0};  // rows, columns
  cudnnConvolutionMode_t mode = CUDNN_CONVOLUTION;
  cudnnDataType_t compute_type = CUDNN_DATA_FLOAT;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;

  bool described() const { return stride[0] > 0; }
  // Outputs along one axis (0: rows, 1: columns); 0 or less if the dilated filter does not fit.
  std::int64_t outputs(int axis, int input, int taps) const;
};
