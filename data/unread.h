#pragma once
#include <string>

#include "base/files.h"

namespace palimpsest {

// Why a file is left out whose name does not end like that of a picture that is read, in a few words: "WebP pictures
// are not read: convert it to PNG or JPEG". Looks at the first bytes of a plain file.
std::string why_unread(const fs::path& path);

// Whether the name ends like that of a picture in a form that is not read (.webp, .gif, .ppm ...).
bool is_unread_picture_name(const fs::path& name);

}  // namespace palimpsest
