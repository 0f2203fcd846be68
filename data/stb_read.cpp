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

// The size in a PNG's header; stb_image reports a picture beyond its limits as an unknown type.
void require_png_size(std::string_view bytes) {
  if (bytes.size() < 24) throw BrokenImage{"it is cut short"};
  if (bytes.substr(12, 4) == "CgBI") throw BrokenImage{"it is an iOS app's PNG (CgBI); convert it to a standard one"};
  const auto big_endian = [&](std::size_t at) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  };
  require_size(big_endian(16), big_endian(20));
}

}  // namespace

Image png(std::string_view bytes) {
  if (bytes.size() > std::size_t(std::numeric_limits<int>::max())) throw BrokenImage{"it has more than 2 GiB"};
  require_png_size(bytes);
  const auto* const data = reinterpret_cast<const stbi_uc*>(bytes.data());
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(data, int(bytes.size()), &width, &height, &channels, 3), stbi_image_free);
  if (!pixels) {
    const char* const reason = stbi_failure_reason();
    throw BrokenImage{reason ? reason : "it cannot be decoded"};
  }
  Image image(width, height);
  std::memcpy(image.pixels.data(), pixels.get(), image.pixels.size());
  return image;
}

}  // namespace palimpsest::data::decode
