#include "emulator/libraries/cudnn_algorithms.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "emulator/libraries/status.h"

namespace palimpsest::libraries {
namespace {

cudnnStatus_t on_tensor_cores(const Convolution& shape, cudnnMathType_t math, Algorithm& found) {
  CUDNN_REQUIRE(math != CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION, CUDNN_STATUS_NOT_SUPPORTED,
                "the stand-ins do not support half precision for float32 tensors");
  found.method.precision = math == CUDNN_FMA_MATH ? Precision::float32 : Precision::tf32;
  found.workspace = shape.scratch_bytes();
  found.math = math == CUDNN_FMA_MATH ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t in_float32(bool ordered, Algorithm& found) {
  found.method.ordered = ordered;
  found.math = CUDNN_FMA_MATH;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t no_such_algorithm() {
  return refuse(CUDNN_STATUS_NOT_SUPPORTED, "the algorithm does not exist for NHWC tensors");
}

// Fills a list of results with `order` first, then with the algorithms that cannot run.
template <class Result, class Name>
cudnnStatus_t rank(const Convolution& shape, cudnnMathType_t math, std::initializer_list<Name> order, int count,
                   int requested, int* returned, Result* results) {
  CUDNN_REQUIRE(requested > 0, CUDNN_STATUS_BAD_PARAM, "no algorithm is requested");
  CUDNN_REQUIRE(returned && results, CUDNN_STATUS_BAD_PARAM, "the pointer for the algorithms is null");
  std::vector<Name> names(order);
  for (int i = 0; i < count; ++i)
    if (std::find(names.begin(), names.end(), Name(i)) == names.end()) names.push_back(Name(i));
  *returned = std::min(requested, count);
  for (int i = 0; i < *returned; ++i) {
    Algorithm algorithm;
    const cudnnStatus_t status = find(shape, math, names[i], algorithm);
    results[i] = {};
    results[i].algo = names[i];
    results[i].status = status;
    results[i].time = status == CUDNN_STATUS_SUCCESS ? 0.0f : -1.0f;
    results[i].memory = algorithm.workspace;
    results[i].determinism = algorithm.method.ordered ? CUDNN_DETERMINISTIC : CUDNN_NON_DETERMINISTIC;
    results[i].mathType = algorithm.math;
  }
  return CUDNN_STATUS_SUCCESS;
}

// What cudnnGetConvolution*WorkspaceSize answer.
template <class Name>
cudnnStatus_t workspace_size(cudnnHandle_t handle, const Convolution& shape, cudnnMathType_t math, Name name,
                             std::size_t* bytes) {
  CUDNN_REQUIRE(handle && bytes, CUDNN_STATUS_BAD_PARAM, "an argument is null");
  Algorithm algorithm;
  if (const cudnnStatus_t status = find(shape, math, name, algorithm)) return status;
  *bytes = algorithm.workspace;
  return CUDNN_STATUS_SUCCESS;
}

bool is_float(const cudnnTensorStruct& tensor) {
  return tensor.type == CUDNN_DATA_FLOAT;
}

}  // namespace

cudnnStatus_t resolve(cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
                      cudnnTensorDescriptor_t y, Convolution& shape) {
  CUDNN_REQUIRE(x && w && convolution && y, CUDNN_STATUS_BAD_PARAM, "a descriptor is null");
  int n = 0, k = 0, p = 0, q = 0;
  if (const cudnnStatus_t status = cudnnGetConvolution2dForwardOutputDim(convolution, x, w, &n, &k, &p, &q))
    return status;
  CUDNN_REQUIRE(y->has_shape(n, k, p, q), CUDNN_STATUS_BAD_PARAM,
                "the shape of the output does not follow from the input");
  CUDNN_REQUIRE(
      is_float(*x) && is_float(*y) && w->type == CUDNN_DATA_FLOAT && convolution->compute_type == CUDNN_DATA_FLOAT,
      CUDNN_STATUS_NOT_SUPPORTED, "the stand-ins compute in float32 only");
  CUDNN_REQUIRE(x->is_nhwc() && y->is_nhwc() && w->format == CUDNN_TENSOR_NHWC, CUDNN_STATUS_NOT_SUPPORTED,
                "the stand-ins compute in NHWC only, without gaps, tensors and filter alike");
  CUDNN_REQUIRE(convolution->mode == CUDNN_CROSS_CORRELATION, CUDNN_STATUS_NOT_SUPPORTED,
                "the stand-ins compute cross-correlations only");
  shape = {.n = n, .c = w->c, .h = x->extent[2], .w = x->extent[3], .k = k, .r = w->r, .s = w->s, .p = p, .q = q};
  for (int axis = 0; axis < 2; ++axis) {
    shape.pad[axis] = convolution->pad[axis];
    shape.stride[axis] = convolution->stride[axis];
    shape.dilation[axis] = convolution->dilation[axis];
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t find(const Convolution& shape, cudnnMathType_t math, cudnnConvolutionFwdAlgo_t name, Algorithm& found) {
  switch (name) {
    case CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM:
      return on_tensor_cores(shape, math, found);
    case CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM:
      return in_float32(true, found);
    default:
      return no_such_algorithm();
  }
}

cudnnStatus_t find(const Convolution& shape, cudnnMathType_t math, cudnnConvolutionBwdDataAlgo_t name,
                   Algorithm& found) {
  switch (name) {
    case CUDNN_CONVOLUTION_BWD_DATA_ALGO_1:
      return on_tensor_cores(shape, math, found);
    case CUDNN_CONVOLUTION_BWD_DATA_ALGO_0:
      return in_float32(false, found);
    default:
      return no_such_algorithm();
  }
}

cudnnStatus_t find(const Convolution& shape, cudnnMathType_t math, cudnnConvolutionBwdFilterAlgo_t name,
                   Algorithm& found) {
  switch (name) {
    case CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1:
      return on_tensor_cores(shape, math, found);
    case CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0:
      return in_float32(false, found);
    default:
      return no_such_algorithm();
  }
}

}  // namespace palimpsest::libraries

using namespace palimpsest::libraries;

extern "C" {

// In the backward directions the unordered algorithm comes first, as it may on a GPU: a caller that blindly takes the
// first is not repeatable, and the emulator shows it.

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                     cudnnFilterDescriptor_t w,
                                                     cudnnConvolutionDescriptor_t convolution,
                                                     cudnnTensorDescriptor_t y, int requested, int* returned,
                                                     cudnnConvolutionFwdAlgoPerf_t* results) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the handle is null");
  Convolution shape;
  if (const cudnnStatus_t status = resolve(x, w, convolution, y, shape)) return status;
  return rank(shape, convolution->math,
              {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM},
              CUDNN_CONVOLUTION_FWD_ALGO_COUNT, requested, returned, results);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t handle, cudnnFilterDescriptor_t w,
                                                          cudnnTensorDescriptor_t dy,
                                                          cudnnConvolutionDescriptor_t convolution,
                                                          cudnnTensorDescriptor_t dx, int requested, int* returned,
                                                          cudnnConvolutionBwdDataAlgoPerf_t* results) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the handle is null");
  Convolution shape;
  if (const cudnnStatus_t status = resolve(dx, w, convolution, dy, shape)) return status;
  return rank(shape, convolution->math, {CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1},
              CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT, requested, returned, results);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                            cudnnTensorDescriptor_t dy,
                                                            cudnnConvolutionDescriptor_t convolution,
                                                            cudnnFilterDescriptor_t dw, int requested, int* returned,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t* results) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the handle is null");
  Convolution shape;
  if (const cudnnStatus_t status = resolve(x, dw, convolution, dy, shape)) return status;
  return rank(shape, convolution->math, {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1},
              CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT, requested, returned, results);
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                      cudnnFilterDescriptor_t w,
                                                      cudnnConvolutionDescriptor_t convolution,
                                                      cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algorithm,
                                                      std::size_t* bytes) {
  Convolution shape;
  if (const cudnnStatus_t status = resolve(x, w, convolution, y, shape)) return status;
  return workspace_size(handle, shape, convolution->math, algorithm, bytes);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t handle, cudnnFilterDescriptor_t w,
                                                           cudnnTensorDescriptor_t dy,
                                                           cudnnConvolutionDescriptor_t convolution,
                                                           cudnnTensorDescriptor_t dx,
                                                           cudnnConvolutionBwdDataAlgo_t algorithm,
                                                           std::size_t* bytes) {
  Convolution shape;
  if (const cudnnStatus_t status = resolve(dx, w, convolution, dy, shape)) return status;
  return workspace_size(handle, shape, convolution->math, algorithm, bytes);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                             cudnnTensorDescriptor_t dy,
                                                             cudnnConvolutionDescriptor_t convolution,
                                                             cudnnFilterDescriptor_t dw,
                                                             cudnnConvolutionBwdFilterAlgo_t algorithm,
                                                             std::size_t* bytes) {
  Convolution shape;
  if (const cudnnStatus_t status = resolve(x, dw, convolution, dy, shape)) return status;
  return workspace_size(handle, shape, convolution->math, algorithm, bytes);
}

}  // extern "C"
