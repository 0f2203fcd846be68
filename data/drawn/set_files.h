#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/files.h"

namespace palimpsest::data::drawn {

// Files of a set that is being drawn. A set has tens of thousands of them, and syncing each (AtomicFile) would take
// minutes. None counts until drawn.json exists, so they are written directly and synced together before it.
void write_part(const fs::path& path, std::string_view bytes);  // makes the parent folder; throws Error
void sync_parts(const fs::path& set_folder);                    // returns when all of them are on disk

inline constexpr int drawing_version = 2;  // increases whenever the same options give different pictures

// Calls draw() for an empty or new folder, and for one where an earlier drawing was interrupted, which is emptied;
// drawn.json then holds `manifest`. A folder that is complete with the same manifest is kept. Throws Error for any
// other; `option` is what named the folder.
void draw_once(const fs::path& set_folder, const std::string& manifest, const char* option,
               const std::function<void()>& draw);

}  // namespace palimpsest::data::drawn
