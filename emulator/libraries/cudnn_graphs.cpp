// Graphs that the stand-ins understand: one convolution, and behind a forward one a bias and then a ReLU.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "emulator/libraries/convolution.h"
#include "emulator/libraries/cudnn_backend.h"
#include "emulator/libraries/cudnn_descriptors.h"
#include "emulator/libraries/memory.h"
#include "emulator/libraries/status.h"

namespace palimpsest::libraries {
namespace {

enum class Pass { forward, data, filter };

struct Tensor {
  std::int64_t name = 0;
  std::array<std::int64_t, 4> extents{};
  std::int64_t alignment = 0;
  bool is_virtual = false;
};

struct Graph {
  Pass pass = Pass::forward;
  Convolution shape;
  float alpha = 1, beta = 0;
  Tensor x, w, y;  // y: what the last operation writes
  std::optional<Tensor> bias;
  bool relu = false;
};

// An engine of the stand-ins. The order, and the traps in it, are such as a GPU's heuristics may have: what they
// propose first may be inexact, may sum in no fixed order, may fail when it is planned, or may need much memory.
struct Engine {
  std::int64_t index;
  std::vector<cudnnBackendNumericalNote_t> notes;
  Precision precision = Precision::float32;
  bool ordered = true;
  bool planned = true;         // else no kernel supports it after all
  bool relu_keeps_nan = true;  // else max(NaN, 0) is 0
  std::size_t workspace = 0;   // besides that of the patches
};
constexpr std::size_t kGigabyte = std::size_t{1} << 30;

const std::vector<Engine>& engines(cudnnBackendHeurMode_t mode) {
  static const std::vector<Engine> best{
      {.index = 7, .notes = {CUDNN_NUMERICAL_NOTE_WINOGRAD}, .precision = Precision::tf32},
      {.index = 3, .notes = {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC}, .ordered = false},
      {.index = 9, .notes = {CUDNN_NUMERICAL_NOTE_TENSOR_CORE}, .precision = Precision::tf32, .planned = false},
      {.index = 5,
       .notes = {CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS},
       .precision = Precision::tf32},
      {.index = 6, .notes = {}, .workspace = kGigabyte},
      {.index = 1, .notes = {}, .relu_keeps_nan = false},
  };
  static const std::vector<Engine> last{{.index = 0, .notes = {CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP}}};
  return mode == CUDNN_HEUR_MODE_FALLBACK ? last : best;
}

const Engine& engine_numbered(std::int64_t index) {
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK})
    for (const Engine& engine : engines(mode))
      if (engine.index == index) return engine;
  return engines(CUDNN_HEUR_MODE_A).front();  // the index was written here
}

Tensor tensor_of(const BackendDescriptor& from) {
  const auto extents = from.values<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
  Tensor tensor{.name = from.value<std::int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID),
                .alignment = from.value<std::int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT),
                .is_virtual = from.has(CUDNN_ATTR_TENSOR_IS_VIRTUAL) && from.value<bool>(CUDNN_ATTR_TENSOR_IS_VIRTUAL)};
  std::copy_n(extents.begin(), std::min<std::size_t>(extents.size(), 4), tensor.extents.begin());
  return tensor;
}

bool is_float_nhwc(const BackendDescriptor& tensor) {
  const auto extents = tensor.values<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
  const auto strides = tensor.values<std::int64_t>(CUDNN_ATTR_TENSOR_STRIDES);
  if (extents.size() != 4 || tensor.value<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE) != CUDNN_DATA_FLOAT)
    return false;
  const std::array packed{extents[1] * extents[2] * extents[3], std::int64_t{1}, extents[1] * extents[3], extents[1]};
  for (std::size_t i = 0; i < 4; ++i)
    if (extents[i] > 1 && strides[i] != packed[i]) return false;
  return true;
}

// A convolution, whose attributes are numbered from `first`: alpha, beta, convolution, w, x, y.
struct Operation {
  const BackendDescriptor& of;
  int first;
  cudnnBackendAttributeName_t name(int i) const { return static_cast<cudnnBackendAttributeName_t>(first + i); }
  const BackendDescriptor& child(int i) const { return of.child(name(i)); }
};

cudnnStatus_t resolve_convolution(const BackendDescriptor& from, Graph& graph) {
  int first = CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA;
  if (from.type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR) {
    graph.pass = Pass::data;
    first = CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA;
  } else if (from.type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR) {
    graph.pass = Pass::filter;
    first = CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA;
  } else {
    CUDNN_REQUIRE(from.type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, CUDNN_STATUS_NOT_SUPPORTED,
                  "the first operation of a graph is not a convolution");
  }
  const Operation operation{from, first};
  graph.alpha = from.value<float>(operation.name(0));
  graph.beta = from.value<float>(operation.name(1));
  const BackendDescriptor& convolution = operation.child(2);
  for (int i = 3; i < 6; ++i)
    CUDNN_REQUIRE(is_float_nhwc(operation.child(i)), CUDNN_STATUS_NOT_SUPPORTED,
                  "the stand-ins compute in float32 NHWC only, without gaps");
  graph.w = tensor_of(operation.child(3)), graph.x = tensor_of(operation.child(4));
  graph.y = tensor_of(operation.child(5));
  const auto pair = [&](cudnnBackendAttributeName_t name) { return convolution.values<std::int64_t>(name); };
  const auto before = pair(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS), after = pair(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS);
  CUDNN_REQUIRE(
      before == after &&
          convolution.value<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE) == CUDNN_CROSS_CORRELATION &&
          convolution.value<cudnnDataType_t>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE) == CUDNN_DATA_FLOAT,
      CUDNN_STATUS_NOT_SUPPORTED, "the stand-ins compute cross-correlations in float32 with equal paddings only");
  const auto strides = pair(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES), steps = pair(CUDNN_ATTR_CONVOLUTION_DILATIONS);
  const auto& [n, c, h, w] = graph.x.extents;
  const auto& [k, filter_c, r, s] = graph.w.extents;
  cudnnConvolutionStruct legacy{.pad = {int(before[0]), int(before[1])},
                                .stride = {int(strides[0]), int(strides[1])},
                                .dilation = {int(steps[0]), int(steps[1])}};
  Convolution& shape = graph.shape;
  shape = {.n = n,
           .c = c,
           .h = h,
           .w = w,
           .k = k,
           .r = r,
           .s = s,
           .p = legacy.outputs(0, int(h), int(r)),
           .q = legacy.outputs(1, int(w), int(s))};
  for (std::size_t axis = 0; axis < 2; ++axis)
    shape.pad[axis] = before[axis], shape.stride[axis] = strides[axis], shape.dilation[axis] = steps[axis];
  CUDNN_REQUIRE(filter_c == c && (graph.y.extents == std::array{n, k, shape.p, shape.q}), CUDNN_STATUS_BAD_PARAM,
                "the extents of filter, input and output do not fit");
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t resolve(const BackendDescriptor& from, Graph& graph) {
  const auto& operations = from.attributes.at(CUDNN_ATTR_OPERATIONGRAPH_OPS).descriptors;
  if (const cudnnStatus_t status = resolve_convolution(operations.front(), graph)) return status;
  for (std::size_t i = 1; i < operations.size(); ++i) {
    const BackendDescriptor& next = operations[i];
    CUDNN_REQUIRE(next.type == CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR && graph.pass == Pass::forward,
                  CUDNN_STATUS_NOT_SUPPORTED, "the stand-ins compute bias and ReLU behind a forward convolution only");
    const auto mode =
        next.child(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR).value<cudnnPointwiseMode_t>(CUDNN_ATTR_POINTWISE_MODE);
    const bool adds = mode == CUDNN_POINTWISE_ADD;
    CUDNN_REQUIRE(!graph.relu && adds != graph.bias.has_value(), CUDNN_STATUS_NOT_SUPPORTED,
                  "the stand-ins compute a bias and then a ReLU only");
    const Tensor in = tensor_of(next.child(CUDNN_ATTR_OPERATION_POINTWISE_XDESC));
    CUDNN_REQUIRE(in.name == graph.y.name && in.is_virtual, CUDNN_STATUS_BAD_PARAM,
                  "an operation's input is not the virtual output of the one before");
    if (adds) {
      CUDNN_REQUIRE(next.has(CUDNN_ATTR_OPERATION_POINTWISE_BDESC), CUDNN_STATUS_BAD_PARAM, "an addition of one value");
      graph.bias = tensor_of(next.child(CUDNN_ATTR_OPERATION_POINTWISE_BDESC));
      CUDNN_REQUIRE((graph.bias->extents == std::array<std::int64_t, 4>{1, graph.shape.k, 1, 1}),
                    CUDNN_STATUS_NOT_SUPPORTED, "the stand-ins add one value for each output channel only");
    }
    graph.relu = !adds;
    const Tensor out = tensor_of(next.child(CUDNN_ATTR_OPERATION_POINTWISE_YDESC));
    CUDNN_REQUIRE(out.extents == graph.y.extents, CUDNN_STATUS_BAD_PARAM, "an operation changes the extents");
    graph.y = out;
  }
  CUDNN_REQUIRE(!graph.y.is_virtual, CUDNN_STATUS_BAD_PARAM, "the last output is virtual");
  return CUDNN_STATUS_SUCCESS;
}

void add_bias(const Graph& graph, bool keeps_nan, const float* bias, float* y) {
  const auto channels = std::size_t(graph.shape.k);
  for (std::size_t i = 0; i < graph.shape.y_bytes() / sizeof(float); ++i) {
    y[i] += bias[i % channels];
    if (graph.relu && (y[i] < 0 || (std::isnan(y[i]) && !keeps_nan))) y[i] = 0;
  }
}

const BackendDescriptor& engine_of(const BackendDescriptor& plan) {
  return plan.child(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG).child(CUDNN_ATTR_ENGINECFG_ENGINE);
}

// Where an engine's descriptor keeps its graph: an attribute that callers cannot set.
constexpr auto kGraphOfEngine = CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH;

// The pointers of a variant pack by their tensors' names, and whether they are as the tensors say.
using Pointers = std::map<std::int64_t, void*>;
cudnnStatus_t check_pointer(const Pointers& pointers, const Tensor& tensor) {
  const auto found = pointers.find(tensor.name);
  CUDNN_REQUIRE(found != pointers.end() && found->second, CUDNN_STATUS_BAD_PARAM, "a tensor has no pointer");
  CUDNN_REQUIRE(aligned(found->second, std::size_t(tensor.alignment)), CUDNN_STATUS_BAD_PARAM,
                "a tensor is not aligned as it says");
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

cudnnStatus_t check_graph(const BackendDescriptor& graph) {
  Graph resolved;
  return resolve(graph, resolved);
}

cudnnStatus_t propose_engines(BackendDescriptor& heuristics) {
  const BackendDescriptor& graph = heuristics.child(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
  Graph resolved;
  if (const cudnnStatus_t status = resolve(graph, resolved)) return status;
  CUDNN_REQUIRE(resolved.shape.p * resolved.shape.q > 1, CUDNN_STATUS_NOT_SUPPORTED,
                "the stand-ins have no engine for pictures of one pixel: not every graph has one");
  BackendDescriptor::Attribute results{CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, {}, {}};
  for (const Engine& engine : engines(heuristics.value<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE))) {
    BackendDescriptor descriptor{.type = CUDNN_BACKEND_ENGINE_DESCRIPTOR, .final = true};
    descriptor.store(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, std::vector{engine.index});
    descriptor.store(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, engine.notes);
    descriptor.attributes[kGraphOfEngine] = {CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, {}, {graph}};
    BackendDescriptor configuration{.type = CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, .final = true};
    configuration.attributes[CUDNN_ATTR_ENGINECFG_ENGINE] = {CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, {}, {descriptor}};
    results.descriptors.push_back(std::move(configuration));
    ++results.count;
  }
  heuristics.attributes[CUDNN_ATTR_ENGINEHEUR_RESULTS] = std::move(results);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t check_plan(BackendDescriptor& plan) {
  const BackendDescriptor& descriptor = engine_of(plan);
  const Engine& engine = engine_numbered(descriptor.value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  CUDNN_REQUIRE(engine.planned, CUDNN_STATUS_NOT_SUPPORTED, "no kernel of the engine supports the graph");
  Graph graph;
  if (const cudnnStatus_t status = resolve(descriptor.child(kGraphOfEngine), graph)) return status;
  plan.store(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
             std::vector{std::int64_t(engine.workspace + graph.shape.scratch_bytes())});
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace palimpsest::libraries

using namespace palimpsest::libraries;

extern "C" cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan_handle,
                                             cudnnBackendDescriptor_t pack_handle) {
  CUDNN_REQUIRE(handle && plan_handle && pack_handle, CUDNN_STATUS_BAD_PARAM, "an argument is null");
  const auto& plan = *static_cast<const BackendDescriptor*>(plan_handle);
  const auto& pack = *static_cast<const BackendDescriptor*>(pack_handle);
  CUDNN_REQUIRE(plan.type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR && plan.final &&
                    pack.type == CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR && pack.final,
                CUDNN_STATUS_BAD_PARAM, "an argument is not a final plan or variant pack");
  Graph graph;
  if (const cudnnStatus_t status = resolve(engine_of(plan).child(kGraphOfEngine), graph)) return status;
  const Engine& engine = engine_numbered(engine_of(plan).value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));

  const auto names = pack.values<std::int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const auto values = pack.values<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  Pointers pointers;
  for (std::size_t i = 0; i < names.size(); ++i) pointers[names[i]] = values[i];
  for (const Tensor& tensor : {graph.x, graph.w, graph.y, graph.bias.value_or(graph.y)})
    if (const cudnnStatus_t status = check_pointer(pointers, tensor)) return status;
  const auto bytes = std::size_t(plan.value<std::int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
  void* const workspace =
      pack.has(CUDNN_ATTR_VARIANT_PACK_WORKSPACE) ? pack.value<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE) : nullptr;
  CUDNN_REQUIRE(bytes == 0 || (workspace && aligned(workspace, 16)), CUDNN_STATUS_BAD_PARAM,
                "the plan needs a workspace, aligned to 16 bytes");

  auto* const x = static_cast<float*>(pointers.at(graph.x.name));
  auto* const w = static_cast<float*>(pointers.at(graph.w.name));
  auto* const y = static_cast<float*>(pointers.at(graph.y.name));
  auto* const bias = graph.bias ? static_cast<float*>(pointers.at(graph.bias->name)) : nullptr;
  std::vector<Range> reads{{"x", x, graph.shape.x_bytes()},
                           {"w", w, graph.shape.w_bytes()},
                           {"y", y, graph.shape.y_bytes()},
                           {"the bias", bias, std::size_t(graph.shape.k) * sizeof(float)}};
  const std::size_t result = graph.pass == Pass::data ? 0 : graph.pass == Pass::filter ? 1 : 2;
  std::vector<Range> writes{reads[result], {"the workspace", workspace, bytes}};
  reads.erase(reads.begin() + std::ptrdiff_t(result));
  const Method method{engine.precision, engine.ordered, static_cast<float*>(workspace)};
  enqueue(handle->stream, "cudnnBackendExecute", std::move(reads), std::move(writes),
          [=, keeps_nan = engine.relu_keeps_nan] {
            const auto& [pass, shape, alpha, beta, x_tensor, w_tensor, y_tensor, bias_tensor, relu] = graph;
            if (pass == Pass::data) return backward_data(shape, method, alpha, w, y, beta, x);
            if (pass == Pass::filter) return backward_filter(shape, method, alpha, x, y, beta, w);
            forward(shape, method, alpha, x, w, beta, y);
            if (bias) add_bias(graph, keeps_nan, bias, y);
          });
  return CUDNN_STATUS_SUCCESS;
}
