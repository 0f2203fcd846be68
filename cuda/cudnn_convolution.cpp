#include "cuda/cudnn_convolution.h"

#include <array>

#include "base/error.h"
#include "cuda/bias_relu.h"
#include "cuda/descriptors.h"

namespace palimpsest::PALIMPSEST_CUDA {

struct CudnnConvolution::Descriptors {
  const CudnnHandle& handle;
  TensorDescriptor x, y, b;
  FilterDescriptor w;
  ConvolutionDescriptor convolution;
  cudnnConvolutionFwdAlgo_t forward{};
  cudnnConvolutionBwdDataAlgo_t backward_data{};
  cudnnConvolutionBwdFilterAlgo_t backward_weights{};
  std::size_t workspace = 0;

  Descriptors(Context& context, const LayerShape& s, cudnnMathType_t math)
      : handle(cudnn_of(context)),
        x(s.n, padded(s.c), s.h, s.w),
        y(s.n, padded(s.k), s.h, s.w),
        b(1, padded(s.k), 1, 1),
        w(padded(s.k), padded(s.c)),
        convolution(math) {}
};

namespace {

// The first that is supported, deterministic, and rounds its factors no further than requested. The descriptor holds
// the math type too; an algorithm with the default math type uses that.
template <typename Performance, std::size_t N>
const Performance& first_fit(const std::array<Performance, N>& found, int count, cudnnMathType_t math,
                             const char* pass) {
  const auto fits = [math](cudnnMathType_t with) {
    return with == math || with == CUDNN_FMA_MATH || with == CUDNN_DEFAULT_MATH;
  };
  for (std::size_t i = 0; i < std::size_t(count); ++i)
    if (found[i].status == CUDNN_STATUS_SUCCESS && found[i].determinism == CUDNN_DETERMINISTIC &&
        fits(found[i].mathType))
      return found[i];
  throw Error(fmt::format("cuDNN has no deterministic algorithm for the {} pass of a convolution", pass),
              "use --convolution own, or choose own for it in the table");
}

constexpr float kOne = 1, kZero = 0;

}  // namespace

CudnnConvolution::CudnnConvolution(Context& context, const LayerShape& shape)
    : context_(context),
      rows_(std::size_t(shape.n) * std::size_t(shape.h) * std::size_t(shape.w)),
      lanes_(padded(shape.k)) {
  const cudnnMathType_t math = context.precision == Precision::tf32 ? CUDNN_TENSOR_OP_MATH : CUDNN_FMA_MATH;
  descriptors_ = std::make_unique<Descriptors>(context, shape, math);
  Descriptors& d = *descriptors_;
  constexpr int most = 8;
  int count = 0;
  std::array<cudnnConvolutionFwdAlgoPerf_t, most> forward{};
  CUDNN_CHECK(cudnnGetConvolutionForwardAlgorithm_v7(d.handle.get(), d.x.get(), d.w.get(), d.convolution.get(),
                                                     d.y.get(), most, &count, forward.data()));
  const auto& f = first_fit(forward, count, math, "forward");
  std::array<cudnnConvolutionBwdDataAlgoPerf_t, most> backward_data{};
  CUDNN_CHECK(cudnnGetConvolutionBackwardDataAlgorithm_v7(d.handle.get(), d.w.get(), d.y.get(), d.convolution.get(),
                                                          d.x.get(), most, &count, backward_data.data()));
  const auto& bd = first_fit(backward_data, count, math, "backward data");
  std::array<cudnnConvolutionBwdFilterAlgoPerf_t, most> backward_weights{};
  CUDNN_CHECK(cudnnGetConvolutionBackwardFilterAlgorithm_v7(d.handle.get(), d.x.get(), d.y.get(), d.convolution.get(),
                                                            d.w.get(), most, &count, backward_weights.data()));
  const auto& bw = first_fit(backward_weights, count, math, "backward weights");
  d.forward = f.algo;
  d.backward_data = bd.algo;
  d.backward_weights = bw.algo;
  d.workspace = std::max({f.memory, bd.memory, bw.memory});
  context.reserve_scratch(d.workspace);
}

CudnnConvolution::~CudnnConvolution() = default;

// Bias and ReLU by our own kernel: cuDNN's fused call supports them for only one algorithm.
void CudnnConvolution::forward(const float* x, const float* w, const float* b, bool relu, float* y) {
  const Descriptors& d = *descriptors_;
  CUDNN_CHECK(cudnnConvolutionForward(d.handle.get(), &kOne, d.x.get(), x, d.w.get(), w, d.convolution.get(), d.forward,
                                      context_.scratch(), d.workspace, &kZero, d.y.get(), y));
  bias_relu_forward(context_, rows_, lanes_, b, relu, y);
}

void CudnnConvolution::backward_data(const float* dy, const float* w, float* dx) {
  const Descriptors& d = *descriptors_;
  CUDNN_CHECK(cudnnConvolutionBackwardData(d.handle.get(), &kOne, d.w.get(), w, d.y.get(), dy, d.convolution.get(),
                                           d.backward_data, context_.scratch(), d.workspace, &kZero, d.x.get(), dx));
}

void CudnnConvolution::backward_weights(const float* x, const float* dy, float* dw, float* db) {
  const Descriptors& d = *descriptors_;
  CUDNN_CHECK(cudnnConvolutionBackwardFilter(d.handle.get(), &kOne, d.x.get(), x, d.y.get(), dy, d.convolution.get(),
                                             d.backward_weights, context_.scratch(), d.workspace, &kZero, d.w.get(),
                                             dw));
  CUDNN_CHECK(cudnnConvolutionBackwardBias(d.handle.get(), &kOne, d.y.get(), dy, &kZero, d.b.get(), db));
}

}  // namespace palimpsest::PALIMPSEST_CUDA
