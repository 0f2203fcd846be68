#include "cuda/recording.h"

#include <utility>

#include "cuda/factor.h"

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
  ~Graph() override {
    ignore(cudaGraphExecDestroy(executable_));
    context_.pool->give_back(temporaries_);
  }

  void run() override {
    make_assumed(context_, assumed_);
    CUDA_CHECK(cudaGraphLaunch(executable_, context_.stream.get()));
    keep(context_, kept_);
  }

 private:
  // A step that throws leaves the stream usable, and not capturing.
  cudaGraph_t captured(const std::function<void()>& step) {
    cudaGraph_t graph = nullptr;
    CUDA_CHECK(cudaStreamBeginCapture(context_.stream.get(), cudaStreamCaptureModeThreadLocal));
    ++context_.epoch;
    context_.assumed = &assumed_;
    context_.pool->keep_apart(&temporaries_);
    try {
      step();
      kept_ = kept(context_, assumed_);
      end_epoch();
    } catch (...) {
      end_epoch();
      ignore(cudaStreamEndCapture(context_.stream.get(), &graph));
      if (graph) ignore(cudaGraphDestroy(graph));
      ignore(cudaGetLastError());
      context_.pool->give_back(temporaries_);
      throw;
    }
    CUDA_CHECK(cudaStreamEndCapture(context_.stream.get(), &graph));
    return graph;
  }

  void end_epoch() {
    context_.assumed = nullptr;
    context_.pool->keep_apart(nullptr);
    ++context_.epoch;
  }

  Context& context_;
  std::vector<AssumedCopy> assumed_, kept_;  // copies in BF16 of the step's tensors, which outlive it
  MemoryPool::Spare temporaries_;            // memory that the step took and gave back
  std::shared_ptr<DeviceBuffer> scratch_;    // the graph writes there, even after the context has a larger one
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace

std::unique_ptr<Recording> record(Context& context, const std::function<void()>& step) {
  return std::make_unique<Graph>(context, step);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
