#pragma once
#include <string>

#include "data/source.h"

namespace palimpsest::experiments {

// A hash that changes when the data set does. It covers the name and the size of every file below the set's folder, and
// the content of every file if they have at most `whole_limit` bytes in total; in larger sets the content of
// everything except the pictures, which are too many to read. Independent of the set's path and file times.
std::string data_fingerprint(const data::Source& source, std::uint64_t whole_limit = std::uint64_t{1} << 29);

}  // namespace palimpsest::experiments
