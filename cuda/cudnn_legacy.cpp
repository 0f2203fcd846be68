#include "cuda/cudnn_legacy.h"

#include <array>
#include <optional>

#include "base/error.h"
#include "cuda/descriptors.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

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
bool choose(cudnnMathType_t wanted, std::size_t most_workspace, std::optional<Choice<Name>>& choice, const Find& find,
            const Workspace& workspace) {
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
    if (status == CUDNN_STATUS_SUCCESS && choice->workspace <= most_workspace) return true;
  }
  choice.reset();
  return false;
}

}  // namespace

struct LegacyConvolution::Passes {
  const CudnnHandle& handle;
  TensorDescriptor x, y;
  FilterDescriptor w;
  std::optional<Choice<cudnnConvolutionFwdAlgo_t>> forward;
  std::optional<Choice<cudnnConvolutionBwdDataAlgo_t>> backward_data;
  std::optional<Choice<cudnnConvolutionBwdFilterAlgo_t>> backward_weights;

  Passes(Context& context, const LayerShape& s)
      : handle(cudnn_of(context)),
        x(s.n, padded(s.c), s.h, s.w),
        y(s.n, padded(s.k), s.h, s.w),
        w(padded(s.k), padded(s.c)) {}

  bool choose_forward(cudnnMathType_t math, std::size_t most) {
    return choose<cudnnConvolutionFwdAlgoPerf_t>(
        math, most, forward,
        [&](auto convolution, auto... results) {
          return CUDNN(cudnnGetConvolutionForwardAlgorithm_v7)(handle.get(), x.get(), w.get(), convolution, y.get(),
                                                               results...);
        },
        [&](auto convolution, auto algorithm, std::size_t* bytes) {
          return CUDNN(cudnnGetConvolutionForwardWorkspaceSize)(handle.get(), x.get(), w.get(), convolution, y.get(),
                                                                algorithm, bytes);
        });
  }
  bool choose_backward_data(cudnnMathType_t math, std::size_t most) {
    return choose<cudnnConvolutionBwdDataAlgoPerf_t>(
        math, most, backward_data,
        [&](auto convolution, auto... results) {
          return CUDNN(cudnnGetConvolutionBackwardDataAlgorithm_v7)(handle.get(), w.get(), y.get(), convolution,
                                                                    x.get(), results...);
        },
        [&](auto convolution, auto algorithm, std::size_t* bytes) {
          return CUDNN(cudnnGetConvolutionBackwardDataWorkspaceSize)(handle.get(), w.get(), y.get(), convolution,
                                                                     x.get(), algorithm, bytes);
        });
  }
  bool choose_backward_weights(cudnnMathType_t math, std::size_t most) {
    return choose<cudnnConvolutionBwdFilterAlgoPerf_t>(
        math, most, backward_weights,
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

LegacyConvolution::LegacyConvolution(Context& context, const LayerShape& shape)
    : context_(context), passes_(std::make_unique<Passes>(context, shape)) {}

LegacyConvolution::~LegacyConvolution() = default;

std::optional<std::size_t> LegacyConvolution::plan(LayerPass pass, std::size_t most) {
  const auto math = context_.precision == Precision::tf32 ? CUDNN_TENSOR_OP_MATH : CUDNN_FMA_MATH;
  const auto workspace = [](bool found, const auto& choice) {
    return found ? std::optional(choice->workspace) : std::nullopt;
  };
  switch (pass) {
    case LayerPass::backward_data:
      return workspace(passes_->choose_backward_data(math, most), passes_->backward_data);
    case LayerPass::backward_weights:
      return workspace(passes_->choose_backward_weights(math, most), passes_->backward_weights);
    default:
      return workspace(passes_->choose_forward(math, most), passes_->forward);
  }
}

void LegacyConvolution::product(const float* x, const float* w, float* y) {
  const Passes& p = *passes_;
  CUDNN_CHECK(CUDNN(cudnnConvolutionForward)(p.handle.get(), &kOne, p.x.get(), x, p.w.get(), w,
                                             p.forward->convolution.get(), p.forward->algorithm, context_.scratch(),
                                             p.forward->workspace, &kZero, p.y.get(), y));
}

void LegacyConvolution::backward_data(const float* dy, const float* w, float* dx) {
  const Passes& p = *passes_;
  CUDNN_CHECK(CUDNN(cudnnConvolutionBackwardData)(
      p.handle.get(), &kOne, p.w.get(), w, p.y.get(), dy, p.backward_data->convolution.get(),
      p.backward_data->algorithm, context_.scratch(), p.backward_data->workspace, &kZero, p.x.get(), dx));
}

void LegacyConvolution::backward_weights(const float* x, const float* dy, float* dw) {
  const Passes& p = *passes_;
  CUDNN_CHECK(CUDNN(cudnnConvolutionBackwardFilter)(
      p.handle.get(), &kOne, p.x.get(), x, p.y.get(), dy, p.backward_weights->convolution.get(),
      p.backward_weights->algorithm, context_.scratch(), p.backward_weights->workspace, &kZero, p.w.get(), dw));
}

}  // namespace palimpsest::PALIMPSEST_CUDA
