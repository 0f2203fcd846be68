#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace palimpsest {

// Text from a file, fit for one line of a message or a listing: without control characters, and truncated with "..."
// if it is longer than `most` bytes.
std::string excerpt(std::string_view text, std::size_t most = 80);

}  // namespace palimpsest
