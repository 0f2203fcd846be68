#pragma once
#include <optional>
#include <string>

#include "nn/weights_contents.h"

namespace palimpsest {

// What kind of network, or which spelling of a VGG16, a file holds that is not read.
struct OtherNetwork {
  std::string is;  // as it goes on after the file's name: "has batch normalisation (features.1.running_mean)"
  std::string remedy;
};
// Told by the names and shapes of the tensors; nothing when they mean nothing. requires: the file has unplaced tensors
// or lacks some, beside a head that is not needed
std::optional<OtherNetwork> other_network(const TensorFile& file, const WeightsContents& contents, bool head_needed);

}  // namespace palimpsest
