#include "nn/pickle.h"

#include <algorithm>
#include <cstring>

#include "fuzz/harness.h"
#include "nn/pytorch_checkpoint.h"
#include "nn/pytorch_tensor.h"

namespace palimpsest {

// Every value refers to values that exist; a checkpoint's tensors are in it.
void fuzz::target(std::string_view bytes) {
  nn::PickleBytes source("input", [bytes](char* to, std::size_t most) mutable {
    const std::size_t count = std::min(most, bytes.size());
    if (count > 0) std::memcpy(to, bytes.data(), count);
    bytes.remove_prefix(count);
    return count;
  });
  const nn::Pickle pickle(source);
  for (const auto& value : pickle.values()) {
    for (const auto id : value.items) PALIMPSEST_REQUIRE(id < pickle.values().size(), "{}", id);
    pickle.class_name(value);
    if (value.kind == nn::Pickle::Kind::persistent) nn::storage_of(pickle, value);
    if (nn::is_tensor(pickle, value)) nn::tensor_of(pickle, value);
  }
  for (const auto& [name, id] : nn::find_weights(pickle, "input").tensors)
    PALIMPSEST_REQUIRE(id < pickle.values().size(), "{}", name);
}

}  // namespace palimpsest
