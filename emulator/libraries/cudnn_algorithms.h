#pragma once
#include "emulator/libraries/convolution.h"
#include "emulator/libraries/cudnn_descriptors.h"

namespace palimpsest::libraries {

// The convolution given by four descriptors, or what is wrong with them. Supported are float32 NHWC tensors without
// gaps and NHWC (KRSC) filters in cross-correlation, as used by cuda/.
cudnnStatus_t resolve(cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
                      cudnnTensorDescriptor_t y, Convolution& shape);

// One algorithm of the stand-ins. Each direction has two, as on a GPU with this layout: one on tensor cores, which
// rounds to TF32 unless the math type forbids it and needs a workspace; and one in float32 without, which in the
// backward directions sums in no fixed order.
struct Algorithm {
  Method method;
  std::size_t workspace = 0;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};
cudnnStatus_t find(const Convolution& shape, cudnnMathType_t math, cudnnConvolutionFwdAlgo_t name, Algorithm& found);
cudnnStatus_t find(const Convolution& shape, cudnnMathType_t math, cudnnConvolutionBwdDataAlgo_t name,
                   Algorithm& found);
cudnnStatus_t find(const Convolution& shape, cudnnMathType_t math, cudnnConvolutionBwdFilterAlgo_t name,
                   Algorithm& found);

}  // namespace palimpsest::libraries
