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

// The first picture of a file, and whether others follow.
struct Decoded {
  Image image;
  bool more = false;
};

// Throws BrokenImage unless 1 <= width, 1 <= height and width * height <= 100 million.
void require_size(std::int64_t width, std::int64_t height);

// Each takes the size from the file's header and requires it before a library is asked for the pixels. Alpha is dropped
// and the colours are unchanged, except that a TIFF's premultiplied colours are divided by alpha. 16 bits are reduced
// to their upper 8, except in a PNM, whose values are scaled from its maximum to 255.
Decoded jpeg(std::string_view bytes);  // baseline and progressive; grey, YCbCr, CMYK and YCCK
Decoded tiff(std::string_view bytes);  // turned as its orientation tag says; 1 to 16 bits
Decoded png(std::string_view bytes);
Decoded bmp(std::string_view bytes);   // 1 to 32 bits, run-length encoded or not
Decoded webp(std::string_view bytes);  // lossy and lossless
Decoded gif(std::string_view bytes);   // on the whole canvas
Decoded pnm(std::string_view bytes);   // PBM, PGM and PPM, as text and binary

bool is_pnm(std::string_view bytes);  // begins with P1 to P6

// The contents of a PNG's first chunk of that name (four letters) before the pixels; empty if it has none.
std::string_view png_chunk(std::string_view bytes, std::string_view name);

}  // namespace palimpsest::data::decode
