#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace palimpsest {

// Text out of a file, fit for one line of a message or a listing: without control characters, and where it is longer
// than `most` bytes cut, with "..." at its end.
std::string excerpt(std::string_view text, std::size_t most = 80);

}  // namespace palimpsest
