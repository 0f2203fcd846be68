#pragma once
#include <string_view>

#include "ops/normalisation.h"

namespace palimpsest::data {

// "torchvision", "caffe", "vggface" or "none"; throws Error listing these for another word.
Normalisation parse_normalisation(std::string_view word);

}  // namespace palimpsest::data
