#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest {

// The word of `known` with the fewest edits (Levenshtein) to `word`; empty when none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace palimpsest
