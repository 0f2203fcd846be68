#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "data/image.h"

// The decoders behind read_image, one file per library. Each takes the whole file and throws BrokenImage with a short
// reason when it cannot be decoded completely; read_image adds the name of the file.
namespace palimpsest::data::decode {

struct BrokenImage {
  std::string why;
};

// Throws BrokenImage unless 1 <= width, 1 <= height and width * height <= 100 million.
void require_size(std::int64_t width, std::int64_t height);

// Alpha is dropped and the colours are unchanged, except that a TIFF's premultiplied colours are divided by alpha.
// 16 bits are reduced to their upper 8.
Image jpeg(std::string_view bytes);  // baseline and progressive; grey, YCbCr, CMYK and YCCK
Image tiff(std::string_view bytes);  // the first picture of the file, turned as its orientation tag says; 1 to 16 bits
Image png(std::string_view bytes);   // the first picture of an animation
Image bmp(std::string_view bytes);   // 1 to 32 bits, run-length encoded or not

}  // namespace palimpsest::data::decode
