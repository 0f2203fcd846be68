#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/pickle.h"

namespace palimpsest::nn {

// The keys under which training programs keep the names of a model's classes beside its weights.
inline constexpr std::array<std::string_view, 4> kClassKeys{"classes", "class_names", "idx_to_class", "class_to_idx"};

// A list of texts, or a dict between texts and the numbers 0, 1, ...; nothing for other values.
std::optional<std::vector<std::string>> class_names_in(const Pickle& pickle, const Pickle::Value& value);

}  // namespace palimpsest::nn
