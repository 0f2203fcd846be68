#pragma once
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include "cudnn.h"

namespace palimpsest::libraries {

// What is behind a cudnnBackendDescriptor_t. A new one has no attributes and is not final. Descriptors among attributes
// are copies.
struct BackendDescriptor {
  struct Attribute {
    cudnnBackendAttributeType_t type;
    std::int64_t count = 0;
    std::vector<char> bytes;                     // of values
    std::vector<BackendDescriptor> descriptors;  // or of these
  };
  cudnnBackendDescriptorType_t type;
  bool final = false;
  std::map<cudnnBackendAttributeName_t, Attribute> attributes = {};

  bool has(cudnnBackendAttributeName_t name) const { return attributes.contains(name); }
  const BackendDescriptor& child(cudnnBackendAttributeName_t name) const {
    return attributes.at(name).descriptors.front();
  }
  template <class Value>
  std::vector<Value> values(cudnnBackendAttributeName_t name) const {
    const Attribute& attribute = attributes.at(name);
    std::vector<Value> values(static_cast<std::size_t>(attribute.count));
    std::memcpy(static_cast<void*>(values.data()), attribute.bytes.data(), attribute.bytes.size());
    return values;
  }
  template <class Value>
  Value value(cudnnBackendAttributeName_t name) const {
    Value value{};
    std::memcpy(static_cast<void*>(&value), attributes.at(name).bytes.data(), sizeof(Value));
    return value;
  }
  template <class Value>
  void store(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t as, const std::vector<Value>& values) {
    const auto* const begin = reinterpret_cast<const char*>(values.data());
    attributes[name] = {as, std::int64_t(values.size()), {begin, begin + values.size() * sizeof(Value)}, {}};
  }
};

// What finalising checks and adds; statuses as cudnnBackendFinalize's.
cudnnStatus_t check_graph(const BackendDescriptor& graph);
cudnnStatus_t propose_engines(BackendDescriptor& heuristics);  // adds the results
cudnnStatus_t check_plan(BackendDescriptor& plan);             // adds the workspace's size

}  // namespace palimpsest::libraries
