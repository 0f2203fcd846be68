#pragma once
#include <string_view>

#include "base/error.h"
#include "base/files.h"

// A fuzz target is one file that defines target(). libFuzzer calls it with millions of inputs. A reader may refuse an
// input with an Error; a crash, a sanitizer's report, any other exception and a failed PALIMPSEST_REQUIRE are findings.
namespace palimpsest::fuzz {

void target(std::string_view bytes);

// A file in memory with these bytes. Its path is the same in every call; `name` may have folders.
fs::path as_file(std::string_view bytes, const fs::path& name = "input");

}  // namespace palimpsest::fuzz
