#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/pickle.h"

namespace palimpsest::nn {

// A flat array outside the pickle that tensors view.
struct PytorchStorage {
  std::string key;         // by which the file finds it
  std::string dtype;       // as safetensors spells it, else PyTorch's name; U8 for a storage without a type
  int item = 1;            // bytes of an element
  std::int64_t count = 0;  // elements of the whole array
  std::int64_t begin = 0;  // of the viewed part, in elements; older files have views of arrays
  std::int64_t viewed = 0;
};

// A tensor as a pickle describes it, unchecked.
struct PytorchTensor {
  PytorchStorage storage;
  std::string dtype;
  std::int64_t offset = 0;  // in elements of its own type
  std::vector<std::int64_t> sizes, strides;
  bool dense = true;  // false: sparse, quantised, ...; dtype then names the kind
};

// Whether a value is the call that makes a tensor or a parameter.
bool is_tensor(const Pickle& pickle, const Pickle::Value& value);
// Nothing when its arguments are not those of a tensor.
std::optional<PytorchTensor> tensor_of(const Pickle& pickle, const Pickle::Value& value);

// Of a persistent value; nothing when it refers to something else.
std::optional<PytorchStorage> storage_of(const Pickle& pickle, const Pickle::Value& value);

}  // namespace palimpsest::nn
