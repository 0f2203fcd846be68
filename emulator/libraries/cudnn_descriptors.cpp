#include "emulator/libraries/cudnn_descriptors.h"

#include <climits>

#include "emulator/libraries/status.h"

// Statuses, stored values and sizes are those of the real library (tests/emulator_libraries/cudnn_descriptors_test.cpp
// runs against both). Where the real one would write through a null pointer, the result is CUDNN_STATUS_BAD_PARAM.

using palimpsest::libraries::refuse;

namespace {

std::size_t size_of(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return 4;
    case CUDNN_DATA_DOUBLE:
      return 8;
    case CUDNN_DATA_HALF:
    case CUDNN_DATA_BFLOAT16:
      return 2;
  }
  return 0;
}

template <class T>
cudnnStatus_t create(T** descriptor) {
  CUDNN_REQUIRE(descriptor, CUDNN_STATUS_BAD_PARAM, "the pointer for the descriptor is null");
  *descriptor = new T;
  return CUDNN_STATUS_SUCCESS;
}

template <class T>
cudnnStatus_t destroy(T* descriptor) {
  delete descriptor;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t describe_tensor(cudnnTensorStruct* tensor, cudnnDataType_t type, const int (&extent)[4],
                              const int (&stride)[4]) {
  CUDNN_REQUIRE(tensor, CUDNN_STATUS_BAD_PARAM, "the tensor descriptor is null");
  CUDNN_REQUIRE(size_of(type) > 0, CUDNN_STATUS_BAD_PARAM, "the tensor's data type does not exist");
  std::int64_t last = 1;
  for (int i = 0; i < 4; ++i) {
    CUDNN_REQUIRE(extent[i] > 0, CUDNN_STATUS_BAD_PARAM, "an extent of the tensor is not positive");
    CUDNN_REQUIRE(stride[i] != 0 || extent[i] == 1, CUDNN_STATUS_BAD_PARAM, "a stride of the tensor is zero");
    last += std::int64_t{extent[i] - 1} * stride[i];
  }
  tensor->type = type;
  for (int i = 0; i < 4; ++i) {
    tensor->extent[i] = extent[i];
    tensor->stride[i] = stride[i];
  }
  CUDNN_REQUIRE(last <= INT_MAX, CUDNN_STATUS_NOT_SUPPORTED, "the tensor has more than 2^31 - 1 values");
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

bool cudnnTensorStruct::is_nhwc() const {
  const int packed[4] = {extent[1] * extent[2] * extent[3], 1, extent[1] * extent[3], extent[1]};
  for (int i = 0; i < 4; ++i)
    if (extent[i] > 1 && stride[i] != packed[i]) return false;
  return described();
}

bool cudnnTensorStruct::has_shape(int n, int c, int h, int w) const {
  return extent[0] == n && extent[1] == c && extent[2] == h && extent[3] == w;
}

std::size_t cudnnTensorStruct::bytes() const {
  if (!described()) return 0;
  std::size_t last = 1;
  for (int i = 0; i < 4; ++i) last += std::size_t(extent[i] - 1) * std::size_t(stride[i]);
  return last * size_of(type);
}

std::size_t cudnnFilterStruct::bytes() const {
  return std::size_t(k) * c * r * s * size_of(type);
}

std::int64_t cudnnConvolutionStruct::outputs(int axis, int input, int taps) const {
  const std::int64_t room = std::int64_t{input} + 2 * pad[axis] - (std::int64_t{taps - 1} * dilation[axis] + 1);
  return room < 0 ? 0 : room / stride[axis] + 1;
}

extern "C" {

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
  return create(tensor);
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
  return destroy(tensor);
}
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
  return create(filter);
}
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) {
  return destroy(filter);
}
cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convolution) {
  return create(convolution);
}
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution) {
  return destroy(convolution);
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  // In 64 bits: the strides of a tensor that is too large must not overflow before it is rejected.
  const auto clip = [](std::int64_t value) { return int(value > INT_MAX ? INT_MAX : value); };
  const std::int64_t area = std::int64_t{h} * w, image = area > INT_MAX ? INT_MAX : area * c;
  switch (format) {
    case CUDNN_TENSOR_NCHW:
      return describe_tensor(tensor, type, {n, c, h, w}, {clip(image), clip(area), w, 1});
    case CUDNN_TENSOR_NHWC:
      return describe_tensor(tensor, type, {n, c, h, w}, {clip(image), 1, clip(std::int64_t{w} * c), c});
    case CUDNN_TENSOR_NCHW_VECT_C:
      break;
  }
  return refuse(CUDNN_STATUS_BAD_PARAM, "the tensor's format does not exist, or not for this data type");
}

cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int n, int c, int h,
                                           int w, int n_stride, int c_stride, int h_stride, int w_stride) {
  return describe_tensor(tensor, type, {n, c, h, w}, {n_stride, c_stride, h_stride, w_stride});
}

cudnnStatus_t cudnnGetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnDataType_t* type, int* n, int* c, int* h,
                                         int* w, int* n_stride, int* c_stride, int* h_stride, int* w_stride) {
  CUDNN_REQUIRE(tensor && type, CUDNN_STATUS_BAD_PARAM, "an argument is null");
  int* const extents[4] = {n, c, h, w};
  int* const strides[4] = {n_stride, c_stride, h_stride, w_stride};
  for (int i = 0; i < 4; ++i) CUDNN_REQUIRE(extents[i] && strides[i], CUDNN_STATUS_BAD_PARAM, "an argument is null");
  *type = tensor->type;
  for (int i = 0; i < 4; ++i) {
    *extents[i] = tensor->extent[i];
    *strides[i] = tensor->stride[i];
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetTensorSizeInBytes(cudnnTensorDescriptor_t tensor, std::size_t* size) {
  CUDNN_REQUIRE(tensor && size, CUDNN_STATUS_BAD_PARAM, "an argument is null");
  *size = tensor->bytes();
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
  CUDNN_REQUIRE(filter, CUDNN_STATUS_BAD_PARAM, "the filter descriptor is null");
  CUDNN_REQUIRE(size_of(type) > 0, CUDNN_STATUS_BAD_PARAM, "the filter's data type does not exist");
  CUDNN_REQUIRE(format == CUDNN_TENSOR_NCHW || format == CUDNN_TENSOR_NHWC, CUDNN_STATUS_BAD_PARAM,
                "the filter's format does not exist, or not for this data type");
  CUDNN_REQUIRE(k > 0 && c > 0 && h > 0 && w > 0, CUDNN_STATUS_BAD_PARAM, "an extent of the filter is not positive");
  *filter = {type, format, k, c, h, w};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t* type,
                                         cudnnTensorFormat_t* format, int* k, int* c, int* h, int* w) {
  CUDNN_REQUIRE(filter && type && format && k && c && h && w, CUDNN_STATUS_BAD_PARAM, "an argument is null");
  *type = filter->type;
  *format = filter->format;
  *k = filter->k;
  *c = filter->c;
  *h = filter->r;
  *w = filter->s;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetFilterSizeInBytes(cudnnFilterDescriptor_t filter, std::size_t* size) {
  CUDNN_REQUIRE(filter && size, CUDNN_STATUS_BAD_PARAM, "an argument is null");
  *size = filter->bytes();
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w,
                                              int stride_h, int stride_w, int dilation_h, int dilation_w,
                                              cudnnConvolutionMode_t mode, cudnnDataType_t compute_type) {
  CUDNN_REQUIRE(convolution, CUDNN_STATUS_BAD_PARAM, "the convolution descriptor is null");
  CUDNN_REQUIRE(pad_h >= 0 && pad_w >= 0, CUDNN_STATUS_BAD_PARAM, "a padding is negative");
  CUDNN_REQUIRE(stride_h > 0 && stride_w > 0 && dilation_h > 0 && dilation_w > 0, CUDNN_STATUS_BAD_PARAM,
                "a stride or dilation is not positive");
  CUDNN_REQUIRE(mode == CUDNN_CONVOLUTION || mode == CUDNN_CROSS_CORRELATION, CUDNN_STATUS_BAD_PARAM,
                "the convolution's mode does not exist");
  CUDNN_REQUIRE(size_of(compute_type) > 0, CUDNN_STATUS_BAD_PARAM, "the compute type does not exist");
  // This call does not change the math type.
  *convolution = {{pad_h, pad_w}, {stride_h, stride_w}, {dilation_h, dilation_w},
                  mode,           compute_type,         convolution->math};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int* pad_h, int* pad_w,
                                              int* stride_h, int* stride_w, int* dilation_h, int* dilation_w,
                                              cudnnConvolutionMode_t* mode, cudnnDataType_t* compute_type) {
  CUDNN_REQUIRE(
      convolution && pad_h && pad_w && stride_h && stride_w && dilation_h && dilation_w && mode && compute_type,
      CUDNN_STATUS_BAD_PARAM, "an argument is null");
  *pad_h = convolution->pad[0];
  *pad_w = convolution->pad[1];
  *stride_h = convolution->stride[0];
  *stride_w = convolution->stride[1];
  *dilation_h = convolution->dilation[0];
  *dilation_w = convolution->dilation[1];
  *mode = convolution->mode;
  *compute_type = convolution->compute_type;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math) {
  CUDNN_REQUIRE(convolution, CUDNN_STATUS_BAD_PARAM, "the convolution descriptor is null");
  CUDNN_REQUIRE(math >= CUDNN_DEFAULT_MATH && math <= CUDNN_FMA_MATH, CUDNN_STATUS_BAD_PARAM,
                "the math type does not exist");
  convolution->math = math;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t* math) {
  CUDNN_REQUIRE(convolution && math, CUDNN_STATUS_BAD_PARAM, "an argument is null");
  *math = convolution->math;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolution2dForwardOutputDim(cudnnConvolutionDescriptor_t convolution,
                                                    cudnnTensorDescriptor_t input, cudnnFilterDescriptor_t filter,
                                                    int* n, int* c, int* h, int* w) {
  CUDNN_REQUIRE(convolution && input && filter && n && c && h && w, CUDNN_STATUS_BAD_PARAM, "an argument is null");
  CUDNN_REQUIRE(convolution->described() && input->described() && filter->described(), CUDNN_STATUS_BAD_PARAM,
                "a descriptor is not set");
  CUDNN_REQUIRE(input->extent[1] == filter->c, CUDNN_STATUS_BAD_PARAM,
                "the numbers of input channels of filter and input differ");
  const std::int64_t rows = convolution->outputs(0, input->extent[2], filter->r);
  const std::int64_t columns = convolution->outputs(1, input->extent[3], filter->s);
  CUDNN_REQUIRE(rows > 0 && columns > 0, CUDNN_STATUS_BAD_PARAM, "the filter is larger than the padded input");
  *n = input->extent[0];
  *c = filter->k;
  *h = int(rows);
  *w = int(columns);
  return CUDNN_STATUS_SUCCESS;
}

}  // extern "C"
