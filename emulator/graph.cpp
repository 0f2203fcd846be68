#include "graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "api.h"
#include "handle_set.h"
#include "order.h"
#include "simt/runtime_api.h"

namespace palimpsest::simt {
namespace {

std::vector<std::unique_ptr<Capture>>& captures() {
  static auto* instance = new std::vector<std::unique_ptr<Capture>>;
  return *instance;
}
Handles<cudaGraph_t>& graphs() {
  static auto* instance = new Handles<cudaGraph_t>;
  return *instance;
}
Handles<cudaGraphExec_t>& executables() {
  static auto* instance = new Handles<cudaGraphExec_t>;
  return *instance;
}

void add(std::vector<std::size_t>& nodes, const std::vector<std::size_t>& more) {
  for (std::size_t node : more) {
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
  }
}

// Every node must lead to the origin's last node, else work in a forked stream was never joined.
bool joined(const Capture& capture, const std::vector<std::size_t>& ends) {
  std::vector<bool> reached(capture.nodes.size());
  std::vector<std::size_t> open = ends;
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (reached[node]) continue;
    reached[node] = true;
    open.insert(open.end(), capture.nodes[node].after.begin(), capture.nodes[node].after.end());
  }
  return std::all_of(reached.begin(), reached.end(), [](bool value) { return value; });
}

// In a random order that the dependencies allow.
void run(const std::vector<Node>& nodes) {
  std::vector<bool> done(nodes.size());
  for (std::size_t count = 0; count < nodes.size() && sticky() == cudaSuccess; ++count) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!done[i] &&
          std::all_of(nodes[i].after.begin(), nodes[i].after.end(), [&](std::size_t node) { return done[node]; }))
        ready.push_back(i);
    }
    const std::size_t next = ready[draw() % ready.size()];
    done[next] = true;
    nodes[next].run();
  }
}

void end(Capture* capture) {
  for (const auto& stream : all_streams()) {
    if (stream->capture != capture) continue;
    stream->capture = nullptr;
    stream->tail.clear();
  }
  forget_capture(capture);
  std::erase_if(captures(), [&](const auto& entry) { return entry.get() == capture; });
}

}  // namespace

cudaError_t capture_node(CUstream_st& stream, std::string name, std::function<void()> run) {
  Capture& capture = *stream.capture;
  if (capture.invalid) return cudaErrorStreamCaptureInvalidated;
  capture.nodes.push_back({std::move(name), std::move(run), stream.tail});
  stream.tail = {capture.nodes.size() - 1};
  return cudaSuccess;
}

cudaError_t capture_wait(CUstream_st& stream, CUevent_st& event) {
  if (!event.capture) {  // the graph cannot wait for anything outside it
    stream.capture->invalid = true;
    return cudaErrorStreamCaptureIsolation;
  }
  if (stream.capture && stream.capture != event.capture) {
    stream.capture->invalid = event.capture->invalid = true;
    return cudaErrorStreamCaptureMerge;
  }
  stream.capture = event.capture;
  add(stream.tail, event.nodes);
  return cudaSuccess;
}

cudaError_t implicit_capture_error(const CUstream_st& stream) {
  if (&stream != &legacy_stream()) return cudaSuccess;
  for (const auto& capture : captures()) {
    if (!capture->origin->blocking) continue;
    capture->invalid = true;
    return cudaErrorStreamCaptureImplicit;
  }
  return cudaSuccess;
}

cudaError_t forbidden_in_capture() {
  for (const auto& capture : captures()) {
    const bool own = capture->thread == std::this_thread::get_id();
    if (capture->mode == cudaStreamCaptureModeRelaxed || (capture->mode == cudaStreamCaptureModeThreadLocal && !own))
      continue;
    capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  return cudaSuccess;
}

std::size_t live_graphs() {
  return graphs().size() + executables().size();
}

}  // namespace palimpsest::simt

using namespace palimpsest::simt;

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  SIMT_API("cudaStreamBeginCapture");
  CUstream_st* stream = find_stream(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (stream == &legacy_stream()) return failed(cudaErrorStreamCaptureUnsupported);
  if (stream->capture) return failed(cudaErrorIllegalState);
  captures().push_back(std::make_unique<Capture>());
  Capture& capture = *captures().back();
  capture.origin = stream;
  capture.mode = mode;
  capture.thread = std::this_thread::get_id();
  stream->capture = &capture;
  stream->tail.clear();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  SIMT_API("cudaStreamEndCapture");
  CUstream_st* stream = find_stream(handle);
  if (!stream || !graph) return failed(cudaErrorInvalidValue);
  *graph = nullptr;
  Capture* capture = stream->capture;
  if (!capture) return failed(cudaErrorIllegalState);
  if (capture->origin != stream) return failed(cudaErrorStreamCaptureUnmatched);
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id())
    return failed(cudaErrorStreamCaptureWrongThread);
  const bool valid = !capture->invalid, complete = joined(*capture, stream->tail);
  std::vector<Node> nodes = std::move(capture->nodes);
  end(capture);
  if (!valid) return failed(cudaErrorStreamCaptureInvalidated);
  if (!complete) return failed(cudaErrorStreamCaptureUnjoined);
  *graph = new CUgraph_st{std::move(nodes)};
  graphs().insert(*graph);
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  SIMT_API("cudaStreamIsCapturing");
  CUstream_st* stream = find_stream(handle);
  if (!stream || !status) return failed(cudaErrorInvalidValue);
  if (const cudaError_t error = implicit_capture_error(*stream); error != cudaSuccess) return failed(error);
  *status = !stream->capture           ? cudaStreamCaptureStatusNone
            : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                       : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags) {
  SIMT_API("cudaGraphInstantiate");
  if (!executable || !graphs().contains(graph)) return failed(cudaErrorInvalidValue);
  if (flags != 0) return failed(cudaErrorNotSupported);
  *executable = new CUgraphExec_st{std::make_shared<const std::vector<Node>>(graph->nodes)};
  executables().insert(*executable);
  return cudaSuccess;
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo* info) {
  SIMT_API("cudaGraphExecUpdate");
  if (!executables().contains(executable) || !graphs().contains(graph) || !info) return failed(cudaErrorInvalidValue);
  const std::vector<Node>& old = *executable->nodes;
  *info = {cudaGraphExecUpdateSuccess, nullptr, nullptr};
  const bool same_shape =
      old.size() == graph->nodes.size() && std::equal(old.begin(), old.end(), graph->nodes.begin(),
                                                      [](const Node& a, const Node& b) { return a.after == b.after; });
  const bool same_names = same_shape && std::equal(old.begin(), old.end(), graph->nodes.begin(),
                                                   [](const Node& a, const Node& b) { return a.name == b.name; });
  if (!same_shape)
    info->result = cudaGraphExecUpdateErrorTopologyChanged;
  else if (!same_names)
    info->result = cudaGraphExecUpdateErrorNodeTypeChanged;
  if (info->result != cudaGraphExecUpdateSuccess) return failed(cudaErrorGraphExecUpdateFailure);
  executable->nodes = std::make_shared<const std::vector<Node>>(graph->nodes);
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  SIMT_API("cudaGraphGetNodes");
  if (!graphs().contains(graph) || !count) return failed(cudaErrorInvalidValue);
  if (nodes) return failed(cudaErrorNotSupported);  // nodes have no handles here
  *count = graph->nodes.size();
  return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) {
  SIMT_API("cudaGraphUpload");
  return executables().contains(executable) && find_stream(stream) ? cudaSuccess : failed(cudaErrorInvalidValue);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle) {
  SIMT_API("cudaGraphLaunch");
  CUstream_st* stream = find_stream(handle);
  if (!stream || !executables().contains(executable)) return failed(cudaErrorInvalidValue);
  if (stream->capture) return failed(cudaErrorNotSupported);
  return failed(append(*stream, "a graph", [nodes = executable->nodes] { run(*nodes); }));
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  SIMT_API("cudaGraphDestroy");
  if (graphs().erase(graph) == 0) return failed(cudaErrorInvalidValue);
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  SIMT_API("cudaGraphExecDestroy");
  if (executables().erase(executable) == 0) return failed(cudaErrorInvalidValue);
  delete executable;
  return cudaSuccess;
}
