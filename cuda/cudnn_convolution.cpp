#include "cuda/cudnn_convolution.h"

#include <array>
#include <optional>

#include "base/error.h"
#include "cuda/bias_relu.h"
#include "cuda/descriptors.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::size_t kMostWorkspace = std::size_t{512} << 20;
constexpr float kOne = 1, kZero = 0;

// An algorithm with the math type that it runs with, and the workspace for that.
template <typename Name>
struct Choice {
  explicit Choice(cudnnMathType_t math) : convolution(math) {}
  ConvolutionDescriptor convolution;
  Name algorithm{};
  std::size_t workspace = 0;
};

// find(convolution, most, &count, results) are cuDNN's heuristics for a pass, workspace(convolution, algorithm, &bytes)
// what an algorithm of it needs.
template <typename Performance, typename Name, typename Find, typename Workspace>
bool choose(cudnnMathType_t wanted, std::optional<Choice<Name>>& choice, const Find& find, const Workspace& workspace) {
  std::array<Performance, 8> results{};
  int count = 0;
  const ConvolutionDescriptor asked(wanted);
  CUDNN_CHECK(find(asked.get(), int(results.size()), &count, results.data()));
  for (std::size_t i = 0; i < std::size_t(count); ++i) {
    const Performance& found = results[i];
    const cudnnMathType_t math = found.mathType == CUDNN_DEFAULT_MATH ? wanted : found.mathType;
    const bool precise = math == CUDNN_FMA_MATH || math == wanted;
    if (found.status != CUDNN_STATUS_SUCCESS || found.determinism != CUDNN_DETERMINISTIC || !precise) continue;
    choice.emplace(math);
    choice->algorithm = found.algo;
    const cudnnStatus_t status = workspace(choice->convolution.get(), found.algo, &choice->workspace);
    if (status == CUDNN_STATUS_SUCCESS && choice->workspace <= kMostWorkspace) return true;
  }
  choice.reset();
  return false;
}

}  // namespace

struct CudnnConvolution::Passes {
  const CudnnHandle& handle;
  TensorDescriptor x, y, b;
  FilterDescriptor w;
  std::optional<Choice<cudnnConvolutionFwdAlgo_t>> forward;
  std::optional<Choice<cudnnConvolutionBwdDataAlgo_t>> backward_data;
  std::optional<Choice<cudnnConvolutionBwdFilterAlgo_t>> backward_weights;

  Passes(Context& context, const LayerShape& s)
      : handle(cudnn_of(context)),
        x(s.n, padded(s.c), s.h, s.w),
        y(s.n, padded(s.k), s.h, s.w),
        b(1, padded(s.k), 1, 1),
        w(padded(s.k), padded(s.c)) {}

  bool choose_forward(cudnnMathType_t math) {
    return choose<cudnnConvolutionFwdAlgoPerf_t>(
        math, forward,
        [&](auto convolution, auto... results) {
          return CUDNN(cudnnGetConvolutionForwardAlgorithm_v7)(handle.get(), x.get(), w.get(), convolution, y.get(),
                                                               results...);
        },
        [&](auto convolution, auto algorithm, std::size_t* bytes) {
          return CUDNN(cudnnGetConvolutionForwardWorkspaceSize)(handle.get(), x.get(), w.get(), convolution, y.get(),
                                                                algorithm, bytes);
        });
  }
  bool choose_backward_data(cudnnMathType_t math) {
    return choose<cudnnConvolutionBwdDataAlgoPerf_t>(
        math, backward_data,
        [&](auto convolution, auto... results) {
          return CUDNN(cudnnGetConvolutionBackwardDataAlgorithm_v7)(handle.get(), w.get(), y.get(), convolution,
                                                                    x.get(), results...);
        },
        [&](auto convolution, auto algorithm, std::size_t* bytes) {
          return CUDNN(cudnnGetConvolutionBackwardDataWorkspaceSize)(handle.get(), w.get(), y.get(), convolution,
                                                                     x.get(), algorithm, bytes);
        });
  }
  bool choose_backward_weights(cudnnMathType_t math) {
    return choose<cudnnConvolutionBwdFilterAlgoPerf_t>(
        math, backward_weights,
        [&](auto convolution, auto... results) {
          return CUDNN(cudnnGetConvolutionBackwardFilterAlgorithm_v7)(handle.get(), x.get(), y.get(), convolution,
                                                                      w.get(), results...);
        },
        [&](auto convolution, auto algorithm, std::size_t* bytes) {
          return CUDNN(cudnnGetConvolutionBackwardFilterWorkspaceSize)(handle.get(), x.get(), y.get(), convolution,
                                                                       w.get(), algorithm, bytes);
        });
  }
};

CudnnConvolution::CudnnConvolution(Context& context, const LayerShape& shape) : context_(context), shape_(shape) {}

CudnnConvolution::~CudnnConvolution() = default;

bool CudnnConvolution::plan(LayerPass pass) {
  if (context_.precision == Precision::bf16 || pass == LayerPass::relevance) return false;  // BF16 needs BF16 tensors
  if (!passes_) passes_ = std::make_unique<Passes>(context_, shape_);
  const auto math = context_.precision == Precision::tf32 ? CUDNN_TENSOR_OP_MATH : CUDNN_FMA_MATH;
  std::size_t workspace = 0;
  if (pass == LayerPass::forward) {
    if (!passes_->choose_forward(math)) return false;
    workspace = passes_->forward->workspace;
  } else if (pass == LayerPass::backward_data) {
    if (!passes_->choose_backward_data(math)) return false;
    workspace = passes_->backward_data->workspace;
  } else {
    if (!passes_->choose_backward_weights(math)) return false;
    workspace = passes_->backward_weights->workspace;
  }
  context_.reserve_scratch(workspace);
  return true;
}

// Bias and ReLU by our own kernel: cuDNN's fused call supports them for only one algorithm.
void CudnnConvolution::forward(const float* x, const float* w, const float* b, bool relu, float* y) {
  const Passes& p = *passes_;
  CUDNN_CHECK(CUDNN(cudnnConvolutionForward)(p.handle.get(), &kOne, p.x.get(), x, p.w.get(), w,
                                             p.forward->convolution.get(), p.forward->algorithm, context_.scratch(),
                                             p.forward->workspace, &kZero, p.y.get(), y));
  const std::size_t pixels = std::size_t(shape_.n) * std::size_t(shape_.h) * std::size_t(shape_.w);
  bias_relu_forward(context_, pixels, padded(shape_.k), b, relu, y);
}

void CudnnConvolution::backward_data(const float* dy, const float* w, float* dx) {
  const Passes& p = *passes_;
  CUDNN_CHECK(CUDNN(cudnnConvolutionBackwardData)(
      p.handle.get(), &kOne, p.w.get(), w, p.y.get(), dy, p.backward_data->convolution.get(),
      p.backward_data->algorithm, context_.scratch(), p.backward_data->workspace, &kZero, p.x.get(), dx));
}

void CudnnConvolution::backward_weights(const float* x, const float* dy, float* dw, float* db) {
  const Passes& p = *passes_;
  CUDNN_CHECK(CUDNN(cudnnConvolutionBackwardFilter)(
      p.handle.get(), &kOne, p.x.get(), x, p.y.get(), dy, p.backward_weights->convolution.get(),
      p.backward_weights->algorithm, context_.scratch(), p.backward_weights->workspace, &kZero, p.w.get(), dw));
  CUDNN_CHECK(CUDNN(cudnnConvolutionBackwardBias)(p.handle.get(), &kOne, p.y.get(), dy, &kZero, p.b.get(), db));
}

}  // namespace palimpsest::PALIMPSEST_CUDA
