#pragma once
#include <string>

#include "data/image.h"

namespace palimpsest::data {

// The bytes that write_png() and write_jpeg() write. PNG stores a picture with three equal channels as grey. Throws
// Error when out of memory.
std::string encode_png(const Image& image);
std::string encode_jpeg(const Image& image, int quality);  // quality 1 to 100

}  // namespace palimpsest::data
