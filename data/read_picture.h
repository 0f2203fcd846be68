#pragma once
#include "data/orientation.h"

namespace palimpsest::data {

struct Picture {
  Image image;
  bool tagged = false;  // its EXIF orientation is another than as stored
  bool more = false;    // the file holds other pictures or frames
};

// As read_image(), turned as EXIF says if asked.
Picture read_picture(const std::filesystem::path& path, Orientation orientation);

}  // namespace palimpsest::data
