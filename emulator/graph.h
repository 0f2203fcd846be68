#pragma once
// Stream capture: operations become the nodes of a graph, with the streams' dependencies.
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "streams.h"

namespace palimpsest::simt {

struct Node {
  std::string name;
  std::function<void()> run;
  std::vector<std::size_t> after;  // nodes, all of them earlier ones
};

struct Capture {
  CUstream_st* origin = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  bool invalid = false;
  std::vector<Node> nodes;
};

cudaError_t capture_node(CUstream_st& stream, std::string name, std::function<void()> run);
// A wait for a captured event: the stream joins the capture, or adds to what its next node depends on.
cudaError_t capture_wait(CUstream_st& stream, CUevent_st& event);
// Work in the legacy stream may not wait for a capturing blocking stream.
cudaError_t implicit_capture_error(const CUstream_st& stream);
// For calls that would wait for, or depend on, work that a capture only records (cudaMalloc, synchronisation): the
// error they return, after which the capture is invalid.
cudaError_t forbidden_in_capture();
std::size_t live_graphs();  // graphs and executable graphs
// Events recorded in a finished capture are void (stream_api.cpp keeps the events).
void forget_capture(const Capture* capture);

}  // namespace palimpsest::simt

struct CUgraph_st {
  std::vector<palimpsest::simt::Node> nodes;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<palimpsest::simt::Node>> nodes;
};
