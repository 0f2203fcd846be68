#pragma once
#include <optional>
#include <string>

#include "nn/weights_contents.h"

namespace palimpsest::nn {

// What kind of network, or which naming of a VGG16, an unsupported file holds.
struct OtherNetwork {
  std::string what;  // to follow the file's name: "has batch normalisation (features.1.running_mean)"
  std::string remedy;
};
// By the names and shapes of the tensors; nothing if they are unknown. requires: the file has unplaced tensors or lacks
// some, apart from a head that is not needed
std::optional<OtherNetwork> other_network(const TensorFile& file, const WeightsContents& contents, bool head_needed);

}  // namespace palimpsest::nn
