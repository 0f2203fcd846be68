#pragma once
#include <string>

#include "base/files.h"

namespace palimpsest::data {

// Why a file without the extension of a supported picture is skipped, in a few words: "AVIF pictures are not read:
// convert it to PNG or JPEG". Examines the first bytes of a regular file.
std::string why_unread(const fs::path& path);

// Whether the name has the extension of an unsupported picture format (.avif, .heic, .jxl ...).
bool is_unread_picture_name(const fs::path& name);

}  // namespace palimpsest::data
