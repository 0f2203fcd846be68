#include <stb/stb_image_write.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

// jpeglib.h uses FILE and size_t without including their headers.
#include <jpeglib.h>

#include "base/error.h"
#include "base/files.h"
#include "data/image_encode.h"

namespace palimpsest::data {

namespace {

void append(void* context, void* bytes, int count) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(bytes), std::size_t(count));
}

// The single channel if all three are equal everywhere, else empty. A third of the bytes on disk.
std::vector<std::uint8_t> grey_channel(const Image& image) {
  std::vector<std::uint8_t> grey;
  grey.reserve(image.pixels.size() / 3);
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    if (image.pixels[i] != image.pixels[i + 1] || image.pixels[i] != image.pixels[i + 2]) return {};
    grey.push_back(image.pixels[i]);
  }
  return grey;
}

void require_picture(const Image& image) {
  PALIMPSEST_REQUIRE(image.width > 0 && image.height > 0 &&
                         image.pixels.size() == std::size_t(image.width) * std::size_t(image.height) * 3,
                     "a picture of {} x {} with {} bytes", image.width, image.height, image.pixels.size());
}

// libjpeg reports an error by a call that must not return.
struct JpegErrors {
  jpeg_error_mgr base;
  std::jmp_buf escape;
};

[[noreturn]] void leave(j_common_ptr info) {
  std::longjmp(reinterpret_cast<JpegErrors*>(info->err)->escape, 1);
}

// Compresses into a buffer that libjpeg allocates; false on an error. No object here has a destructor that the jump
// could skip.
bool compress_jpeg(const Image& image, int quality, unsigned char** bytes, unsigned long* count) {
  jpeg_compress_struct info{};
  JpegErrors errors{};
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = leave;
  if (setjmp(errors.escape)) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, bytes, count);
  info.image_width = JDIMENSION(image.width);
  info.image_height = JDIMENSION(image.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  info.dct_method = JDCT_ISLOW;  // the same bytes with and without SIMD
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(image.at(0, int(info.next_scanline)));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace

std::string encode_png(const Image& image) {
  require_picture(image);
  const std::vector<std::uint8_t> grey = grey_channel(image);
  const int channels = grey.empty() ? 3 : 1;
  const void* pixels = grey.empty() ? image.pixels.data() : grey.data();
  std::string bytes;
  if (!stbi_write_png_to_func(append, &bytes, image.width, image.height, channels, pixels, image.width * channels))
    throw Error("a picture cannot be compressed as PNG", "free some memory and try again");
  return bytes;
}

std::string encode_jpeg(const Image& image, int quality) {
  require_picture(image);
  PALIMPSEST_REQUIRE(quality >= 1 && quality <= 100, "JPEG quality {}", quality);
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
  const bool done = compress_jpeg(image, quality, &bytes, &count);
  const std::unique_ptr<unsigned char, void (*)(void*)> owner(bytes, std::free);
  if (!done) throw Error("a picture cannot be compressed as JPEG", "free some memory and try again");
  return {reinterpret_cast<const char*>(bytes), count};
}

void write_png(const fs::path& path, const Image& image) {
  write_file(path, encode_png(image));
}

void write_jpeg(const fs::path& path, const Image& image, int quality) {
  write_file(path, encode_jpeg(image, quality));
}

}  // namespace palimpsest::data
