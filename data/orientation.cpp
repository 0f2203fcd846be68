#include "data/orientation.h"

#include <algorithm>
#include <optional>

#include "data/decode.h"

namespace palimpsest::data {

namespace {

using namespace std::string_view_literals;

// Numbers of two or four bytes in either order; 0 beyond the end.
struct Bytes {
  std::string_view bytes;
  bool big_endian = false;

  std::uint32_t number(std::size_t at, std::size_t count) const {
    if (at > bytes.size() || bytes.size() - at < count) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value |= std::uint32_t(static_cast<unsigned char>(bytes[at + i])) << 8 * (big_endian ? count - 1 - i : i);
    return value;
  }
};

constexpr std::string_view exif_prefix = "Exif\0\0"sv;

// The first Exif segment before the pixels.
std::string_view exif_of_jpeg(std::string_view bytes) {
  const Bytes file{bytes, true};
  for (std::size_t at = 2; at + 4 <= bytes.size();) {
    const std::uint32_t marker = file.number(at, 2), length = file.number(at + 2, 2);
    if (marker == 0xFFFF) {  // a fill byte
      ++at;
      continue;
    }
    if (marker < 0xFFC0 || marker == 0xFFDA || marker == 0xFFD9 || length < 2) break;
    const std::string_view segment = bytes.substr(at + 4, length - 2);
    if (marker == 0xFFE1 && segment.starts_with(exif_prefix)) return segment;
    at += 2 + length;
  }
  return {};
}

std::string_view exif_of_webp(std::string_view bytes) {
  const Bytes file{bytes};
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::size_t length = file.number(at + 4, 4);
    if (bytes.substr(at, 4) == "EXIF") return bytes.substr(at + 8, length);
    at += 8 + length + length % 2;
  }
  return {};
}

// The orientation in the first directory of EXIF data, which are a TIFF file without pixels.
std::optional<std::uint32_t> orientation_in(std::string_view exif) {
  if (exif.starts_with(exif_prefix)) exif.remove_prefix(exif_prefix.size());
  if (!exif.starts_with("II*\0"sv) && !exif.starts_with("MM\0*"sv)) return std::nullopt;
  const Bytes data{exif, exif[0] == 'M'};
  const std::size_t directory = data.number(4, 4);
  const std::uint32_t entries = data.number(directory, 2);
  constexpr std::uint32_t orientation_tag = 0x112, two_bytes = 3, four_bytes = 4;
  for (std::size_t i = 0, at = directory + 2; i < entries && at + 12 <= exif.size(); ++i, at += 12) {
    if (data.number(at, 2) != orientation_tag) continue;
    const std::uint32_t type = data.number(at + 2, 2);
    if (data.number(at + 4, 4) != 1 || (type != two_bytes && type != four_bytes)) return std::nullopt;
    return data.number(at + 8, type == two_bytes ? 2 : 4);
  }
  return std::nullopt;
}

}  // namespace

int exif_orientation(std::string_view bytes) {
  std::string_view exif;
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) exif = exif_of_jpeg(bytes);
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) exif = decode::png_chunk(bytes, "eXIf");
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) exif = exif_of_webp(bytes);
  const auto orientation = orientation_in(exif);
  return orientation && *orientation >= 1 && *orientation <= 8 ? int(*orientation) : 1;
}

Image oriented(const Image& stored, int orientation) {
  const bool turned = orientation >= 5;  // rows become columns
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image image(turned ? stored.height : stored.width, turned ? stored.width : stored.height);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const int across = from_right ? image.width - 1 - x : x, down = from_below ? image.height - 1 - y : y;
      const std::uint8_t* const from = turned ? stored.at(down, across) : stored.at(across, down);
      std::copy(from, from + 3, image.at(x, y));
    }
  return image;
}

}  // namespace palimpsest::data
