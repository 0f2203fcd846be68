#include "cuda/recording.h"

#include <utility>

#include "base/error.h"
#include "cuda/recorded_memory.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

class Graph final : public Recording {
 public:
  Graph(Context& context, const std::function<void()>& step) : context_(context), temporaries_(context.pool) {
    memory_.keep(context.scratch_owner());  // the graph writes there, even after the context has a larger one
    const cudaGraph_t graph = captured(step);
    const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
    ignore(cudaGraphDestroy(graph));
    CUDA_CHECK(status);
  }
  ~Graph() override { ignore(cudaGraphExecDestroy(executable_)); }

  void run() override {
    PALIMPSEST_REQUIRE(!context_.recorded, "a recording that runs inside another");
    memory_.before_run(context_);
    CUDA_CHECK(cudaGraphLaunch(executable_, context_.stream.get()));
    memory_.after_run();
  }

 private:
  // A step that throws leaves the stream usable, and not capturing.
  cudaGraph_t captured(const std::function<void()>& step) {
    cudaGraph_t graph = nullptr;
    CUDA_CHECK(cudaStreamBeginCapture(context_.stream.get(), cudaStreamCaptureModeThreadLocal));
    context_.recorded = &memory_;
    temporaries_.begin();
    try {
      step();
      end_step();
    } catch (...) {
      end_step();
      ignore(cudaStreamEndCapture(context_.stream.get(), &graph));
      if (graph) ignore(cudaGraphDestroy(graph));
      ignore(cudaGetLastError());
      throw;
    }
    CUDA_CHECK(cudaStreamEndCapture(context_.stream.get(), &graph));
    return graph;
  }

  void end_step() {
    context_.recorded = nullptr;
    temporaries_.end();
    memory_.end_step();
  }

  Context& context_;
  RecordedMemory memory_;
  ApartMemory temporaries_;  // that the step took and gave back
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace

std::unique_ptr<Recording> record(Context& context, const std::function<void()>& step) {
  return std::make_unique<Graph>(context, step);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
