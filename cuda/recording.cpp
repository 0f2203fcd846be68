#include "cuda/recording.h"

#include <utility>

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

class Graph final : public Recording {
 public:
  Graph(Context& context, const std::function<void()>& step) : context_(context), scratch_(context.scratch_owner()) {
    const cudaGraph_t graph = captured(step);
    const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
    ignore(cudaGraphDestroy(graph));
    CUDA_CHECK(status);
  }
  ~Graph() override { ignore(cudaGraphExecDestroy(executable_)); }

  void run() override {
    CUDA_CHECK(cudaGraphLaunch(executable_, context_.stream.get()));
    ++context_.epoch;
  }

 private:
  // A step that throws leaves the stream usable, and not capturing.
  cudaGraph_t captured(const std::function<void()>& step) const {
    cudaGraph_t graph = nullptr;
    CUDA_CHECK(cudaStreamBeginCapture(context_.stream.get(), cudaStreamCaptureModeThreadLocal));
    ++context_.epoch;
    try {
      step();
      ++context_.epoch;
    } catch (...) {
      ++context_.epoch;
      ignore(cudaStreamEndCapture(context_.stream.get(), &graph));
      if (graph) ignore(cudaGraphDestroy(graph));
      ignore(cudaGetLastError());
      throw;
    }
    CUDA_CHECK(cudaStreamEndCapture(context_.stream.get(), &graph));
    return graph;
  }

  Context& context_;
  std::shared_ptr<DeviceBuffer> scratch_;  // the graph writes there, even after the context has a larger one
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace

std::unique_ptr<Recording> record(Context& context, const std::function<void()>& step) {
  return std::make_unique<Graph>(context, step);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
