#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>

#include "data/decode.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wmisleading-indentation"
// stb_image copies nothing to nowhere when a PNG begins with an empty chunk of pixels, which memcpy does not allow.
static void* copy_some(void* to, const void* from, std::size_t bytes) {
  return bytes == 0 ? to : std::memcpy(to, from, bytes);
}
#define memcpy copy_some
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#include <stb/stb_image.h>
#undef memcpy
#pragma GCC diagnostic pop

namespace palimpsest::decode {

namespace {

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::uint32_t(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

// The size in a PNG's header; stb_image calls a picture beyond its own limits an unknown type.
void require_png_size(std::string_view bytes) {
  if (bytes.size() < 24) throw BrokenImage{"it is cut short"};
  const auto big_endian = [&](std::size_t at) {
    return std::int64_t{little_endian(bytes, at, 1)} << 24 | std::int64_t{little_endian(bytes, at + 1, 1)} << 16 |
           std::int64_t{little_endian(bytes, at + 2, 1)} << 8 | std::int64_t{little_endian(bytes, at + 3, 1)};
  };
  require_size(big_endian(16), big_endian(20));
}

// stb_image takes the missing end of a cut BMP for black pixels, so its length is checked here.
void require_whole_bmp(std::string_view bytes, int width, int height) {
  if (bytes.size() < 30) throw BrokenImage{"it is cut short"};
  const std::uint64_t offset = little_endian(bytes, 10, 4);
  const bool os2 = little_endian(bytes, 14, 4) == 12;
  const std::uint64_t bits = little_endian(bytes, os2 ? 24 : 28, 2);
  const std::uint64_t stride = (bits * std::uint64_t(width) + 31) / 32 * 4;
  if (offset + stride * std::uint64_t(height) > bytes.size()) throw BrokenImage{"it is cut short"};
}

}  // namespace

Image png_or_bmp(std::string_view bytes) {
  if (bytes.size() > std::size_t(std::numeric_limits<int>::max())) throw BrokenImage{"it has more than 2 GiB"};
  const auto* const data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int length = int(bytes.size());
  const bool bmp = bytes.starts_with("BM");
  if (!bmp) require_png_size(bytes);
  int width = 0, height = 0, channels = 0;
  const auto fail = [] {
    const char* const reason = stbi_failure_reason();
    throw BrokenImage{reason ? reason : "it cannot be decoded"};
  };
  if (!stbi_info_from_memory(data, length, &width, &height, &channels)) fail();
  require_size(width, height);
  if (bmp) require_whole_bmp(bytes, width, height);
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(data, length, &width, &height, &channels, 3), stbi_image_free);
  if (!pixels) fail();
  Image image(width, height);
  std::memcpy(image.pixels.data(), pixels.get(), image.pixels.size());
  return image;
}

}  // namespace palimpsest::decode
