#include "emulator/libraries/cudnn_backend.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "emulator/libraries/status.h"

namespace palimpsest::libraries {
namespace {

using Type = cudnnBackendDescriptorType_t;
using Name = cudnnBackendAttributeName_t;

// An attribute that descriptors of a type take, and how many values it has. `written`: by finalising alone.
struct Rule {
  Type of;
  Name name;
  cudnnBackendAttributeType_t type;
  std::int64_t least, most;
  enum { required, optional, written } kind = required;
};

constexpr std::int64_t kMany = 1 << 20;
constexpr auto kForward = CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
constexpr auto kFilter = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
constexpr auto kData = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
constexpr auto kPointwise = CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR;
constexpr auto kDescriptor = CUDNN_TYPE_BACKEND_DESCRIPTOR;

constexpr Rule kRules[] = {
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, 1},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, 1},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 1, 8},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 1, 8},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, 1},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, 1, Rule::optional},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, 1},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, 1},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, 1},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, 2},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, 2},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, 2},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, 2},
    {CUDNN_BACKEND_POINTWISE_DESCRIPTOR, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, 1},
    {CUDNN_BACKEND_POINTWISE_DESCRIPTOR, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, 1},
    {kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, 1},
    {kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, 1},
    {kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, kDescriptor, 1, 1},
    {kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, kDescriptor, 1, 1},
    {kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, kDescriptor, 1, 1},
    {kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, kDescriptor, 1, 1},
    {kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_FLOAT, 1, 1},
    {kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_FLOAT, 1, 1},
    {kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, kDescriptor, 1, 1},
    {kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, kDescriptor, 1, 1},
    {kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, kDescriptor, 1, 1},
    {kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, kDescriptor, 1, 1},
    {kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_TYPE_FLOAT, 1, 1},
    {kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, CUDNN_TYPE_FLOAT, 1, 1},
    {kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, kDescriptor, 1, 1},
    {kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, kDescriptor, 1, 1},
    {kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, kDescriptor, 1, 1},
    {kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, kDescriptor, 1, 1},
    {kPointwise, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, kDescriptor, 1, 1},
    {kPointwise, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, kDescriptor, 1, 1},
    {kPointwise, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, kDescriptor, 1, 1, Rule::optional},
    {kPointwise, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, kDescriptor, 1, 1},
    {CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, 1},
    {CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, CUDNN_ATTR_OPERATIONGRAPH_OPS, kDescriptor, 1, kMany},
    {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, kDescriptor, 1, 1},
    {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, 1},
    {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, CUDNN_ATTR_ENGINEHEUR_RESULTS, kDescriptor, 0, kMany, Rule::written},
    {CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, CUDNN_ATTR_ENGINECFG_ENGINE, kDescriptor, 1, 1},
    {CUDNN_BACKEND_ENGINE_DESCRIPTOR, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, 1},
    {CUDNN_BACKEND_ENGINE_DESCRIPTOR, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, 0, kMany,
     Rule::written},
    {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, 1},
    {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, kDescriptor, 1, 1},
    {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, 1,
     Rule::written},
    {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 1, kMany},
    {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 1, kMany},
    {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, 1,
     Rule::optional},
};

const Rule* rule_of(Type type, Name name) {
  const auto* const found =
      std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& r) { return r.of == type && r.name == name; });
  return found == std::end(kRules) ? nullptr : found;
}

// The type of descriptors that an attribute takes.
bool fits(Name name, Type type) {
  switch (name) {
    case CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC:
    case CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC:
    case CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC:
      return type == CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR;
    case CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR:
      return type == CUDNN_BACKEND_POINTWISE_DESCRIPTOR;
    case CUDNN_ATTR_OPERATIONGRAPH_OPS:
      return type >= kForward && type <= kPointwise;
    case CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH:
      return type == CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR;
    case CUDNN_ATTR_ENGINEHEUR_RESULTS:
    case CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG:
      return type == CUDNN_BACKEND_ENGINECFG_DESCRIPTOR;
    case CUDNN_ATTR_ENGINECFG_ENGINE:
      return type == CUDNN_BACKEND_ENGINE_DESCRIPTOR;
    default:
      return type == CUDNN_BACKEND_TENSOR_DESCRIPTOR;
  }
}

std::size_t size_of(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_BOOLEAN:
      return sizeof(bool);
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_DOUBLE:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR:
      return 8;
    default:
      return 4;
  }
}

cudnnStatus_t check_tensor(const BackendDescriptor& tensor) {
  const auto extents = tensor.values<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
  CUDNN_REQUIRE(extents.size() == tensor.values<std::int64_t>(CUDNN_ATTR_TENSOR_STRIDES).size(), CUDNN_STATUS_BAD_PARAM,
                "a tensor has other numbers of extents and of strides");
  for (const std::int64_t extent : extents)
    CUDNN_REQUIRE(extent > 0, CUDNN_STATUS_BAD_PARAM, "an extent of a tensor is not positive");
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t check_pack(const BackendDescriptor& pack) {
  CUDNN_REQUIRE(pack.attributes.at(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS).count ==
                    pack.attributes.at(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS).count,
                CUDNN_STATUS_BAD_PARAM, "a variant pack has other numbers of names and of pointers");
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t check_further(BackendDescriptor& descriptor) {
  switch (descriptor.type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR:
      return check_tensor(descriptor);
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR:
      return check_graph(descriptor);
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
      return propose_engines(descriptor);
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
      return check_plan(descriptor);
    case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR:
      return check_pack(descriptor);
    default:
      return CUDNN_STATUS_SUCCESS;
  }
}

}  // namespace
}  // namespace palimpsest::libraries

using namespace palimpsest::libraries;

extern "C" {

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t* descriptor) {
  CUDNN_REQUIRE(descriptor, CUDNN_STATUS_BAD_PARAM, "the pointer for the descriptor is null");
  CUDNN_REQUIRE(std::any_of(std::begin(kRules), std::end(kRules), [&](const Rule& rule) { return rule.of == type; }),
                CUDNN_STATUS_NOT_SUPPORTED, "the stand-ins have no such descriptor");
  *descriptor = new BackendDescriptor{type};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  delete static_cast<BackendDescriptor*>(descriptor);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t handle, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, std::int64_t count, const void* elements) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the descriptor is null");
  auto& descriptor = *static_cast<BackendDescriptor*>(handle);
  CUDNN_REQUIRE(!descriptor.final, CUDNN_STATUS_BAD_PARAM, "the descriptor is final");
  CUDNN_REQUIRE(elements, CUDNN_STATUS_BAD_PARAM, "the elements are null");
  const Rule* const rule = rule_of(descriptor.type, name);
  CUDNN_REQUIRE(rule && rule->kind != Rule::written, CUDNN_STATUS_BAD_PARAM, "the descriptor has no such attribute");
  CUDNN_REQUIRE(type == rule->type, CUDNN_STATUS_BAD_PARAM, "the attribute has another type");
  CUDNN_REQUIRE(count >= rule->least && count <= rule->most, CUDNN_STATUS_BAD_PARAM,
                "the attribute has another number of elements");
  BackendDescriptor::Attribute attribute{type, count, {}, {}};
  const auto* const bytes = static_cast<const char*>(elements);
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto* const child = static_cast<const BackendDescriptor* const*>(elements)[i];
      CUDNN_REQUIRE(child && child->final, CUDNN_STATUS_BAD_PARAM, "a descriptor among the elements is not final");
      CUDNN_REQUIRE(fits(name, child->type), CUDNN_STATUS_BAD_PARAM,
                    "a descriptor among the elements has another type");
      attribute.descriptors.push_back(*child);
    }
  } else {
    attribute.bytes.assign(bytes, bytes + std::size_t(count) * size_of(type));
  }
  descriptor.attributes[name] = std::move(attribute);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t handle) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the descriptor is null");
  auto& descriptor = *static_cast<BackendDescriptor*>(handle);
  for (const Rule& rule : kRules)
    CUDNN_REQUIRE(rule.of != descriptor.type || rule.kind != Rule::required || descriptor.has(rule.name),
                  CUDNN_STATUS_BAD_PARAM, "a required attribute is not set");
  if (const cudnnStatus_t status = check_further(descriptor)) return status;
  descriptor.final = true;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t handle, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, std::int64_t requested, std::int64_t* count,
                                       void* elements) {
  CUDNN_REQUIRE(handle, CUDNN_STATUS_BAD_PARAM, "the descriptor is null");
  const auto& descriptor = *static_cast<const BackendDescriptor*>(handle);
  CUDNN_REQUIRE(descriptor.final, CUDNN_STATUS_NOT_INITIALIZED, "the descriptor is not final");
  const Rule* const rule = rule_of(descriptor.type, name);
  CUDNN_REQUIRE(rule, CUDNN_STATUS_BAD_PARAM, "the descriptor has no such attribute");
  CUDNN_REQUIRE(type == rule->type && requested >= 0 && (elements || requested == 0), CUDNN_STATUS_BAD_PARAM,
                "the attribute has another type, or the pointer for the elements is null");
  const auto found = descriptor.attributes.find(name);
  CUDNN_REQUIRE(found != descriptor.attributes.end(), CUDNN_STATUS_BAD_PARAM, "the attribute is not set");
  const BackendDescriptor::Attribute& attribute = found->second;
  const std::int64_t written = std::min(requested, attribute.count);
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    for (std::int64_t i = 0; i < written; ++i) {
      auto* const to = static_cast<BackendDescriptor**>(elements)[i];
      const BackendDescriptor& from = attribute.descriptors[std::size_t(i)];
      CUDNN_REQUIRE(to && to->type == from.type, CUDNN_STATUS_BAD_PARAM,
                    "a descriptor that is to be overwritten has another type");
      *to = from;
    }
  } else if (written > 0) {
    std::memcpy(elements, attribute.bytes.data(), std::size_t(written) * size_of(type));
  }
  if (count) *count = attribute.count;
  return CUDNN_STATUS_SUCCESS;
}

}  // extern "C"
