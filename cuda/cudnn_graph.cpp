#include "cuda/cudnn_graph.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cuda/descriptors.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

// How the library calls a C++ type of an attribute's values.
template <class Value>
constexpr cudnnBackendAttributeType_t kTypeOf = Value::not_a_type_of_attributes;
template <>
constexpr auto kTypeOf<cudnnHandle_t> = CUDNN_TYPE_HANDLE;
template <>
constexpr auto kTypeOf<cudnnDataType_t> = CUDNN_TYPE_DATA_TYPE;
template <>
constexpr auto kTypeOf<bool> = CUDNN_TYPE_BOOLEAN;
template <>
constexpr auto kTypeOf<std::int64_t> = CUDNN_TYPE_INT64;
template <>
constexpr auto kTypeOf<float> = CUDNN_TYPE_FLOAT;
template <>
constexpr auto kTypeOf<cudnnConvolutionMode_t> = CUDNN_TYPE_CONVOLUTION_MODE;
template <>
constexpr auto kTypeOf<cudnnBackendHeurMode_t> = CUDNN_TYPE_HEUR_MODE;
template <>
constexpr auto kTypeOf<cudnnPointwiseMode_t> = CUDNN_TYPE_POINTWISE_MODE;

// Named in the variant pack.
enum Operand : std::int64_t { kX = 1, kW, kY, kB, kWithoutBias, kBeforeRelu };

// The operation of a pass, and what its attributes are called.
struct OperationNames {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t alpha, beta, convolution, w, x, y;
};
constexpr OperationNames kForward{CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
                                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y};
constexpr OperationNames kBackwardData{CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY};
constexpr OperationNames kBackwardWeights{CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY};
const OperationNames& names_of(ConvolutionGraph graph) {
  switch (graph) {
    case ConvolutionGraph::backward_data:
      return kBackwardData;
    case ConvolutionGraph::backward_weights:
      return kBackwardWeights;
    default:
      return kForward;
  }
}

class Descriptor : public CudnnObject<cudnnBackendDescriptor_t> {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type) : LibraryObject(CUDNN(cudnnBackendDestroyDescriptor)) {
    CUDNN_CHECK(CUDNN(cudnnBackendCreateDescriptor)(type, &handle_));
  }

  template <class Value>
  void set(cudnnBackendAttributeName_t name, const Value& value) {
    set(name, kTypeOf<Value>, 1, &value);
  }
  void set(cudnnBackendAttributeName_t name, const Descriptor& value) {
    set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.handle_);
  }
  template <class Value>
  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t count, const Value* values) {
    CUDNN_CHECK(
        CUDNN(cudnnBackendSetAttribute)(handle_, name, type, std::int64_t(count), static_cast<const void*>(values)));
  }
  void finalise() { CUDNN_CHECK(CUDNN(cudnnBackendFinalize)(handle_)); }
  // False if no kernel supports it.
  bool finalised() { return CUDNN(cudnnBackendFinalize)(handle_) == CUDNN_STATUS_SUCCESS; }

  // How many values an attribute has, of which at most `most` are written.
  template <class Value>
  std::int64_t read(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t most,
                    Value* values) const {
    std::int64_t count = 0;
    CUDNN_CHECK(
        CUDNN(cudnnBackendGetAttribute)(handle_, name, type, std::int64_t(most), &count, static_cast<void*>(values)));
    return count;
  }
  template <class Value>
  Value value_of(cudnnBackendAttributeName_t name) const {
    Value value{};
    read(name, kTypeOf<Value>, 1, &value);
    return value;
  }
};

bool serves(const std::vector<cudnnBackendNumericalNote_t>& notes, Precision precision) {
  for (const cudnnBackendNumericalNote_t note : notes) switch (note) {
      case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
      case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
      case CUDNN_NUMERICAL_NOTE_FFT:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13:
        return false;
      case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
      case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
        if (precision == Precision::fp32) return false;
        break;
      default:
        break;
    }
  return true;
}

}  // namespace

class CudnnPlan::Descriptors {
 public:
  Descriptors(const GraphTarget& target, const LayerShape& shape, ConvolutionGraph graph)
      : target_(target), shape_(shape) {
    describe(graph);
    graph_ = &add(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    if (target.handle) graph_->set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, target.handle);
    graph_->set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, operations_.size(), operations_.data());
    graph_->finalise();
  }

  // What the heuristics of one mode propose, best first; nothing if they fail, as they do for a graph without engines.
  std::vector<Descriptor*> configurations(cudnnBackendHeurMode_t mode) {
    Descriptor& heuristics = add(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, *graph_);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
#if CUDNN_VERSION >= 90800
    if (target_.device)
      heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &target_.device);
#endif
    if (!heuristics.finalised()) return {};
    const std::int64_t count =
        heuristics.read(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, static_cast<void*>(nullptr));
    std::vector<Descriptor*> found;
    std::vector<cudnnBackendDescriptor_t> handles;
    for (std::int64_t i = 0; i < count; ++i) {
      found.push_back(&add(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR));
      handles.push_back(found.back()->get());
    }
    const std::int64_t written =
        heuristics.read(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, handles.size(), handles.data());
    found.resize(std::size_t(written));
    return found;
  }

  const Descriptor& engine_of(const Descriptor& configuration) {
    Descriptor& engine = add(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    cudnnBackendDescriptor_t handle = engine.get();
    configuration.read(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &handle);
    return engine;
  }

  // Null if no kernel supports the configuration after all.
  const Descriptor* plan_of(const Descriptor& configuration) {
    Descriptor& plan = add(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    if (target_.handle) plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, target_.handle);
#if CUDNN_VERSION >= 90800
    if (target_.device)
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &target_.device);
#endif
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
    return plan.finalised() ? &plan : nullptr;
  }

 private:
  Descriptor& add(cudnnBackendDescriptorType_t type) { return *all_.emplace_back(std::make_unique<Descriptor>(type)); }

  // Extents in the order n, c, h, w; in memory n, h, w, c. Virtual: not in memory.
  const Descriptor& tensor(Operand name, const std::array<std::int64_t, 4>& extents, bool is_virtual = false) {
    const auto [n, c, h, w] = extents;
    const std::array<std::int64_t, 4> strides{h * w * c, 1, w * c, c};
    Descriptor& tensor = add(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, std::int64_t{name});
    tensor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_DATA_FLOAT);
    tensor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t{16});
    tensor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, extents.size(), extents.data());
    tensor.set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, strides.size(), strides.data());
    if (is_virtual) tensor.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
    tensor.finalise();
    return tensor;
  }
  const Descriptor& output(Operand name, bool is_virtual = false) {
    return tensor(name, {shape_.n, padded(shape_.k), shape_.h, shape_.w}, is_virtual);
  }

  void describe(ConvolutionGraph graph) {
    const int c = padded(shape_.c), k = padded(shape_.k);
    const Descriptor& x = tensor(kX, {shape_.n, c, shape_.h, shape_.w});
    const Descriptor& w = tensor(kW, {k, c, 3, 3});
    const bool bias = graph == ConvolutionGraph::product_bias || graph == ConvolutionGraph::product_bias_relu;
    const bool relu = graph == ConvolutionGraph::product_bias_relu;
    const Descriptor& product = output(bias ? kWithoutBias : kY, bias);
    convolution(graph, x, w, product);
    if (!bias) return;
    const Descriptor& b = tensor(kB, {1, k, 1, 1});
    const Descriptor& sum = output(relu ? kBeforeRelu : kY, relu);
    pointwise(CUDNN_POINTWISE_ADD, product, &b, sum);
    if (relu) pointwise(CUDNN_POINTWISE_RELU_FWD, sum, nullptr, output(kY));
  }

  // 3 x 3, stride 1, zero padding 1.
  void convolution(ConvolutionGraph graph, const Descriptor& x, const Descriptor& w, const Descriptor& y) {
    constexpr std::array<std::int64_t, 2> ones{1, 1};
    Descriptor& convolution = add(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    convolution.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
    convolution.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
    convolution.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2});
    for (const auto name : {CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
                            CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS})
      convolution.set(name, CUDNN_TYPE_INT64, ones.size(), ones.data());
    convolution.finalise();
    const OperationNames& names = names_of(graph);
    Descriptor& operation = add(names.type);
    operation.set(names.alpha, 1.0F);
    operation.set(names.beta, 0.0F);
    operation.set(names.convolution, convolution);
    operation.set(names.w, w);
    operation.set(names.x, x);
    operation.set(names.y, y);
    finish(operation);
  }

  // y = mode(x) or mode(x, b)
  void pointwise(cudnnPointwiseMode_t mode, const Descriptor& x, const Descriptor* b, const Descriptor& y) {
    Descriptor& pointwise = add(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    pointwise.set(CUDNN_ATTR_POINTWISE_MODE, mode);
    pointwise.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
    pointwise.finalise();
    Descriptor& operation = add(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, pointwise);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *b);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    finish(operation);
  }

  void finish(Descriptor& operation) {
    operation.finalise();
    operations_.push_back(operation.get());
  }

  const GraphTarget target_;
  const LayerShape shape_;
  std::vector<std::unique_ptr<Descriptor>> all_;
  std::vector<cudnnBackendDescriptor_t> operations_;
  Descriptor* graph_ = nullptr;
};

std::optional<CudnnPlan> CudnnPlan::make(const GraphTarget& target, const LayerShape& shape, ConvolutionGraph graph,
                                         Precision precision, std::size_t most_workspace) {
  PALIMPSEST_REQUIRE(shape.is_convolution() && precision != Precision::bf16, "a graph of another layer or precision");
  const auto made_of = std::make_shared<Descriptors>(target, shape, graph);
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK})
    for (const Descriptor* configuration : made_of->configurations(mode)) {
      const Descriptor& engine = made_of->engine_of(*configuration);
      std::vector<cudnnBackendNumericalNote_t> notes(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
      const std::int64_t count =
          engine.read(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, notes.size(), notes.data());
      notes.resize(std::min(notes.size(), std::size_t(count)));
      if (!serves(notes, precision)) continue;
      const Descriptor* const planned = made_of->plan_of(*configuration);
      if (!planned) continue;
      const auto workspace = planned->value_of<std::int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
      if (std::size_t(workspace) > most_workspace) continue;
      CudnnPlan plan;
      plan.made_of_ = made_of;
      plan.plan_ = planned->get();
      plan.workspace_ = std::size_t(workspace);
      plan.engine_ = engine.value_of<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
      return plan;
    }
  return std::nullopt;
}

void CudnnPlan::run(cudnnHandle_t handle, const GraphOperands& operands, void* workspace) const {
  std::vector<std::int64_t> names;
  std::vector<const void*> pointers;
  for (const auto& [name, pointer] :
       {std::pair{kX, operands.x}, std::pair{kW, operands.w}, std::pair{kY, operands.y}, std::pair{kB, operands.b}}) {
    if (!pointer) continue;
    names.push_back(name);
    pointers.push_back(pointer);
  }
  Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, names.size(), names.data());
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, pointers.size(), pointers.data());
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
  pack.finalise();
  CUDNN_CHECK(CUDNN(cudnnBackendExecute)(handle, plan_, pack.get()));
}

}  // namespace palimpsest::PALIMPSEST_CUDA
