#include <algorithm>
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
// For a PNG that begins with an empty pixel chunk stb_image calls memcpy with null, which is undefined.
static void* copy_some(void* to, const void* from, std::size_t bytes) {
  return bytes == 0 ? to : std::memcpy(to, from, bytes);
}
#define memcpy copy_some
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#include <stb/stb_image.h>
#undef memcpy
#pragma GCC diagnostic pop

namespace palimpsest::data::decode {

namespace {

std::int64_t big_endian(std::string_view bytes, std::size_t at) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// The size in a PNG's header; stb_image reports a picture beyond its limits as an unknown type.
void require_png_size(std::string_view bytes) {
  if (bytes.size() < 24) throw BrokenImage{"it is cut short"};
  if (bytes.substr(12, 4) == "CgBI") throw BrokenImage{"it is an iOS app's PNG (CgBI); convert it to a standard one"};
  require_size(big_endian(bytes, 16), big_endian(bytes, 20));
}

// stb_image would take as much memory as a chunk states before it sees that the file has fewer bytes.
void require_whole_chunks(std::string_view bytes) {
  for (std::size_t at = 8; at + 8 <= bytes.size() && bytes.substr(at + 4, 4) != "IEND";) {
    const auto length = std::size_t(big_endian(bytes, at));
    if (length > bytes.size() - at - 8) throw BrokenImage{"it is cut short"};
    at += 12 + length;
  }
}

}  // namespace

std::string_view png_chunk(std::string_view bytes, std::string_view name) {
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const auto length = std::size_t(big_endian(bytes, at));
    const std::string_view kind = bytes.substr(at + 4, 4);
    if (kind == name) return bytes.substr(at + 8, length);
    if (kind == "IDAT") break;
    at += 12 + length;
  }
  return {};
}

Decoded png(std::string_view bytes) {
  if (bytes.size() > std::size_t(std::numeric_limits<int>::max())) throw BrokenImage{"it has more than 2 GiB"};
  require_png_size(bytes);
  require_whole_chunks(bytes);
  const auto* const data = reinterpret_cast<const stbi_uc*>(bytes.data());
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(data, int(bytes.size()), &width, &height, &channels, 3), stbi_image_free);
  if (!pixels) {
    const char* const given = stbi_failure_reason();
    const std::string_view reason = given ? given : "";
    const auto plain = [](char c) { return c >= ' ' && c <= '~'; };  // it may quote the file
    const bool readable = !reason.empty() && std::all_of(reason.begin(), reason.end(), plain);
    throw BrokenImage{readable ? std::string(reason) : "it cannot be decoded"};
  }
  Image image(width, height);
  std::memcpy(image.pixels.data(), pixels.get(), image.pixels.size());
  const std::string_view animation = png_chunk(bytes, "acTL");  // begins with the number of frames
  return {std::move(image), animation.size() >= 4 && big_endian(animation, 0) > 1};
}

}  // namespace palimpsest::data::decode
