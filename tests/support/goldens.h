#pragma once
#include <filesystem>

namespace palimpsest {

// The folder of the results of other programs, tests/goldens: of the sources that the tests were built from, or, for
// tests that run elsewhere, the one that the variable PALIMPSEST_GOLDENS names.
std::filesystem::path goldens();

}  // namespace palimpsest
