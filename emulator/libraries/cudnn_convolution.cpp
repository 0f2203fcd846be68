#include <cstddef>
#include <initializer_list>

#include "emulator/libraries/convolution.h"
#include "emulator/libraries/cudnn_algorithms.h"
#include "emulator/libraries/cudnn_descriptors.h"
#include "emulator/libraries/memory.h"
#include "emulator/libraries/status.h"

namespace palimpsest::libraries {
namespace {

// Vector loads of tensor-core kernels need 16-byte alignment; all our tensors have 256.
constexpr std::size_t kAlignment = 16;

// Checks common to all convolutions; finds the algorithm.
template <class Name>
cudnnStatus_t prepare(cudnnHandle_t handle, const Convolution& shape, cudnnMathType_t math, Name name,
                      std::initializer_list<const void*> tensors, void* workspace, std::size_t workspace_bytes,
                      Algorithm& algorithm) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the handle is null");
  for (const void* tensor : tensors) {
    CUDNN_REQUIRE(tensor, CUDNN_STATUS_BAD_PARAM, "a tensor is null");
    CUDNN_REQUIRE(aligned(tensor, kAlignment), CUDNN_STATUS_BAD_PARAM, "a tensor is not aligned to 16 bytes");
  }
  if (const cudnnStatus_t status = find(shape, math, name, algorithm)) return status;
  if (algorithm.workspace == 0) return CUDNN_STATUS_SUCCESS;
  CUDNN_REQUIRE(workspace && workspace_bytes >= algorithm.workspace, CUDNN_STATUS_BAD_PARAM,
                "the workspace is smaller than the algorithm needs");
  CUDNN_REQUIRE(aligned(workspace, kAlignment), CUDNN_STATUS_BAD_PARAM, "the workspace is not aligned to 16 bytes");
  algorithm.method.scratch = static_cast<float*>(workspace);
  return CUDNN_STATUS_SUCCESS;
}

float value(const void* scalar) {
  return *static_cast<const float*>(scalar);
}

}  // namespace
}  // namespace palimpsest::libraries

using namespace palimpsest::libraries;

extern "C" {

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_descriptor,
                                      const void* x, cudnnFilterDescriptor_t w_descriptor, const void* w,
                                      cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t algorithm,
                                      void* workspace, std::size_t workspace_bytes, const void* beta,
                                      cudnnTensorDescriptor_t y_descriptor, void* y) {
  CUDNN_REQUIRE(alpha && beta, CUDNN_STATUS_BAD_PARAM, "alpha or beta is null");
  Convolution shape;
  Algorithm found;
  if (const cudnnStatus_t status = resolve(x_descriptor, w_descriptor, convolution, y_descriptor, shape)) return status;
  if (const cudnnStatus_t status =
          prepare(handle, shape, convolution->math, algorithm, {x, w, y}, workspace, workspace_bytes, found))
    return status;
  enqueue(handle->stream, "cudnnConvolutionForward", {{"x", x, shape.x_bytes()}, {"w", w, shape.w_bytes()}},
          {{"y", y, shape.y_bytes()}, {"the workspace", workspace, found.workspace}},
          [=, method = found.method, alpha = value(alpha), beta = value(beta)] {
            forward(shape, method, alpha, static_cast<const float*>(x), static_cast<const float*>(w), beta,
                    static_cast<float*>(y));
          });
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha,
                                           cudnnFilterDescriptor_t w_descriptor, const void* w,
                                           cudnnTensorDescriptor_t dy_descriptor, const void* dy,
                                           cudnnConvolutionDescriptor_t convolution,
                                           cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace,
                                           std::size_t workspace_bytes, const void* beta,
                                           cudnnTensorDescriptor_t dx_descriptor, void* dx) {
  CUDNN_REQUIRE(alpha && beta, CUDNN_STATUS_BAD_PARAM, "alpha or beta is null");
  Convolution shape;
  Algorithm found;
  if (const cudnnStatus_t status = resolve(dx_descriptor, w_descriptor, convolution, dy_descriptor, shape))
    return status;
  if (const cudnnStatus_t status =
          prepare(handle, shape, convolution->math, algorithm, {w, dy, dx}, workspace, workspace_bytes, found))
    return status;
  enqueue(handle->stream, "cudnnConvolutionBackwardData", {{"w", w, shape.w_bytes()}, {"dy", dy, shape.y_bytes()}},
          {{"dx", dx, shape.x_bytes()}, {"the workspace", workspace, found.workspace}},
          [=, method = found.method, alpha = value(alpha), beta = value(beta)] {
            backward_data(shape, method, alpha, static_cast<const float*>(w), static_cast<const float*>(dy), beta,
                          static_cast<float*>(dx));
          });
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha,
                                             cudnnTensorDescriptor_t x_descriptor, const void* x,
                                             cudnnTensorDescriptor_t dy_descriptor, const void* dy,
                                             cudnnConvolutionDescriptor_t convolution,
                                             cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace,
                                             std::size_t workspace_bytes, const void* beta,
                                             cudnnFilterDescriptor_t dw_descriptor, void* dw) {
  CUDNN_REQUIRE(alpha && beta, CUDNN_STATUS_BAD_PARAM, "alpha or beta is null");
  Convolution shape;
  Algorithm found;
  if (const cudnnStatus_t status = resolve(x_descriptor, dw_descriptor, convolution, dy_descriptor, shape))
    return status;
  if (const cudnnStatus_t status =
          prepare(handle, shape, convolution->math, algorithm, {x, dy, dw}, workspace, workspace_bytes, found))
    return status;
  enqueue(handle->stream, "cudnnConvolutionBackwardFilter", {{"x", x, shape.x_bytes()}, {"dy", dy, shape.y_bytes()}},
          {{"dw", dw, shape.w_bytes()}, {"the workspace", workspace, found.workspace}},
          [=, method = found.method, alpha = value(alpha), beta = value(beta)] {
            backward_filter(shape, method, alpha, static_cast<const float*>(x), static_cast<const float*>(dy), beta,
                            static_cast<float*>(dw));
          });
  return CUDNN_STATUS_SUCCESS;
}

}  // extern "C"
