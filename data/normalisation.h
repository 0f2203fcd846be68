#pragma once
#include <string_view>

#include "ops/normalisation.h"

namespace palimpsest {

// "torchvision", "caffe" or "none"; throws Error listing these for another word.
Normalisation parse_normalisation(std::string_view word);

}  // namespace palimpsest
