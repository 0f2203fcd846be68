#pragma once
#include <string>
#include <string_view>

#include "data/image.h"

// The decoders behind read_image, one file per library. Each takes the whole file and throws BrokenImage with a few
// words when it cannot be decoded in full; read_image adds the name of the file.
namespace palimpsest::decode {

struct BrokenImage {
  std::string why;
};

// Throws BrokenImage unless 1 <= width, 1 <= height and width * height <= 100 million.
void require_size(std::int64_t width, std::int64_t height);

Image jpeg(std::string_view bytes);        // baseline and progressive; grey, YCbCr, CMYK and YCCK
Image tiff(std::string_view bytes);        // the first picture of the file; 1 to 16 bits; alpha is blended over black
Image png_or_bmp(std::string_view bytes);  // 16-bit PNG is reduced to 8 bits; alpha is dropped

}  // namespace palimpsest::decode
