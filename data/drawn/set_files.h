#pragma once
#include <string_view>

#include "base/files.h"

namespace palimpsest::data::drawn {

// Files of a set that is being drawn. A set has tens of thousands of them, and syncing each (AtomicFile) would take
// minutes. None counts until drawn.json exists, so they are written directly and synced together before it.
void write_part(const fs::path& path, std::string_view bytes);  // makes the parent folder; throws Error
void sync_parts(const fs::path& set_folder);                    // returns when all of them are on disk

}  // namespace palimpsest::data::drawn
