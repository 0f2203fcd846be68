#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "base/words.h"
#include "data/image.h"

namespace palimpsest::data {

// Whether a picture is used as its pixels are stored, or turned as its EXIF orientation says. A TIFF is always turned.
enum class Orientation : std::uint8_t { stored, exif };
constexpr auto words(Orientation) {
  return std::to_array<Word<Orientation>>({{"stored", Orientation::stored}, {"exif", Orientation::exif}});
}

// EXIF's orientation, 1 (as stored) to 8, in the file of a JPEG, PNG or WebP picture; 1 without a valid one. A TIFF's
// own tag is not considered.
int exif_orientation(std::string_view bytes);

// The picture as it is to be seen, for an orientation of 1 to 8 as TIFF and EXIF number them.
Image oriented(const Image& stored, int orientation);

}  // namespace palimpsest::data
