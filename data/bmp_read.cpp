// BMP, decoded here because stb_image does not support all variants in use: rows from the top down, run-length
// encoding, OS/2 headers, space between the palette and the pixels.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "data/decode.h"

namespace palimpsest::data::decode {

namespace {

[[noreturn]] void cut_short() {
  throw BrokenImage{"it is cut short"};
}

// Little-endian numbers within the file.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint32_t number(std::size_t at, std::size_t count) const {
    if (at > bytes_.size() || bytes_.size() - at < count) cut_short();
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value |= std::uint32_t(static_cast<unsigned char>(bytes_[at + i])) << (8 * i);
    return value;
  }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

using Colour = std::array<std::uint8_t, 3>;

// The bits of a pixel that hold one channel.
struct Channel {
  std::uint32_t mask = 0;

  std::uint8_t of(std::uint32_t pixel) const {
    const int shift = std::countr_zero(mask);
    const std::uint64_t largest = mask >> shift, value = (pixel & mask) >> shift;
    return std::uint8_t((value * 255 + largest / 2) / largest);
  }
};

enum Compression : std::uint8_t { none = 0, rle8 = 1, rle4 = 2, bit_fields = 3, alpha_bit_fields = 6 };

class Bmp {
 public:
  explicit Bmp(std::string_view bytes) : bytes_(bytes) { read_header(); }

  Image decode() {
    Image image(width_, height_);
    if (compression_ == rle8 || compression_ == rle4)
      expand_runs(image);
    else
      for (int row = 0; row < height_; ++row) read_row(row, image.at(0, place(row)));
    return image;
  }

 private:
  void read_header() {
    pixels_ = bytes_.number(10, 4);
    const std::uint32_t size = bytes_.number(14, 4);
    const bool core = size == 12;
    static constexpr std::array<std::uint32_t, 8> known{12, 16, 40, 52, 56, 64, 108, 124};
    if (std::find(known.begin(), known.end(), size) == known.end())
      throw BrokenImage{fmt::format("it has a BMP header of {} bytes", size)};
    const std::size_t width_bytes = core ? 2 : 4;
    const auto height = core ? std::int64_t{bytes_.number(20, 2)} : std::int64_t{std::int32_t(bytes_.number(22, 4))};
    const auto width = std::int64_t{core ? std::int32_t(bytes_.number(18, 2)) : std::int32_t(bytes_.number(18, 4))};
    top_down_ = height < 0;
    require_size(width, top_down_ ? -height : height);
    width_ = int(width);
    height_ = int(top_down_ ? -height : height);
    bits_ = bytes_.number(18 + 2 * width_bytes + 2, 2);
    compression_ = size >= 20 ? bytes_.number(30, 4) : 0;
    require_known_form(size);
    std::size_t palette = 14 + std::size_t{size};
    if (bits_ == 16 || bits_ == 32) read_masks(size, palette);
    if (bits_ <= 8) read_palette(palette, core ? 3 : 4, size >= 36 ? bytes_.number(46, 4) : 0);
  }

  void require_known_form(std::uint32_t header) const {
    const bool plain =
        bits_ == 1 || bits_ == 2 || bits_ == 4 || bits_ == 8 || bits_ == 16 || bits_ == 24 || bits_ == 32;
    const bool os2 = header == 16 || header == 64;  // where 3 and 4 mean something else
    if ((compression_ == none && plain) || (compression_ == rle8 && bits_ == 8) || (compression_ == rle4 && bits_ == 4))
      return;
    if ((compression_ == bit_fields || compression_ == alpha_bit_fields) && !os2 && (bits_ == 16 || bits_ == 32))
      return;
    throw BrokenImage{
        fmt::format("it is a BMP of {} bits with compression {}, which is not read (convert it to PNG or "
                    "JPEG)",
                    bits_, compression_)};
  }

  // From the header or, if that is short, after it.
  void read_masks(std::uint32_t header, std::size_t& after) {
    if (compression_ == none) {
      channels_ = bits_ == 16 ? std::array{Channel{0x7C00}, Channel{0x3E0}, Channel{0x1F}}
                              : std::array{Channel{0xFF0000}, Channel{0xFF00}, Channel{0xFF}};
      return;
    }
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint32_t mask = bytes_.number(54 + 4 * c, 4);
      if (mask == 0 || !std::has_single_bit(std::uint64_t{mask >> std::countr_zero(mask)} + 1))
        throw BrokenImage{fmt::format("it has the colour mask {:#x}", mask)};
      channels_[c].mask = mask;
    }
    if (header < 52) after += compression_ == bit_fields ? 12 : 16;
  }

  void read_palette(std::size_t at, std::size_t entry, std::uint32_t stated) {
    const std::size_t all = std::size_t{1} << bits_, room = pixels_ > at ? (pixels_ - at) / entry : 0;
    const std::size_t count = std::min({stated > 0 ? std::size_t{stated} : all, all, room});
    for (std::size_t i = 0; i < count; ++i)
      palette_.push_back({std::uint8_t(bytes_.number(at + entry * i + 2, 1)),
                          std::uint8_t(bytes_.number(at + entry * i + 1, 1)),
                          std::uint8_t(bytes_.number(at + entry * i, 1))});
  }

  int place(int row) const { return top_down_ ? row : height_ - 1 - row; }

  void put(std::uint8_t* to, std::uint32_t index) const {
    if (index >= palette_.size())
      throw BrokenImage{fmt::format("a pixel has the colour {} of {} in its palette", index, palette_.size())};
    std::copy(palette_[index].begin(), palette_[index].end(), to);
  }

  void read_row(int row, std::uint8_t* to) const {
    const std::uint64_t stride = (std::uint64_t(width_) * bits_ + 31) / 32 * 4;
    const std::uint64_t begin = pixels_ + stride * std::uint64_t(row);
    if (begin + (std::uint64_t(width_) * bits_ + 7) / 8 > bytes_.size()) cut_short();
    for (std::uint64_t x = 0; x < std::uint64_t(width_); ++x, to += 3) {
      if (bits_ <= 8) {
        const std::uint32_t byte = bytes_.number(begin + x * bits_ / 8, 1);
        const auto shift = 8 - bits_ - std::uint32_t(x * bits_ % 8);
        put(to, byte >> shift & ((1U << bits_) - 1));
      } else if (bits_ == 24) {
        for (std::uint64_t c = 0; c < 3; ++c) to[c] = std::uint8_t(bytes_.number(begin + 3 * x + 2 - c, 1));
      } else {
        const std::uint32_t pixel = bytes_.number(begin + x * bits_ / 8, bits_ / 8);
        for (std::size_t c = 0; c < 3; ++c) to[c] = channels_[c].of(pixel);
      }
    }
  }

  // Pixels not covered by a run have the first colour. Runs beyond the end of a row are clipped.
  void expand_runs(Image& image) const {
    for (int y = 0; y < height_; ++y)
      for (int x = 0; x < width_; ++x) put(image.at(x, y), 0);
    const bool nibbles = compression_ == rle4;
    std::size_t at = pixels_;
    int x = 0, row = 0;
    const auto paint = [&](std::uint32_t index) {
      if (x == width_) return;
      put(image.at(x, place(row)), index);
      ++x;
    };
    const auto nibble = [](std::uint32_t byte, std::uint32_t i) { return i % 2 == 0 ? byte >> 4 : byte & 15; };
    while (row < height_ && !(row == height_ - 1 && x == width_)) {
      const std::uint32_t count = bytes_.number(at, 1), value = bytes_.number(at + 1, 1);
      at += 2;
      if (count > 0) {
        for (std::uint32_t i = 0; i < count; ++i) paint(nibbles ? nibble(value, i) : value);
      } else if (value == 0) {
        x = 0;
        ++row;
      } else if (value == 1) {
        return;
      } else if (value == 2) {
        x = std::min(width_, x + int(bytes_.number(at, 1)));
        row += int(bytes_.number(at + 1, 1));
        at += 2;
      } else {
        for (std::uint32_t i = 0; i < value; ++i)
          paint(nibbles ? nibble(bytes_.number(at + i / 2, 1), i) : bytes_.number(at + i, 1));
        const std::size_t used = nibbles ? (value + 1) / 2 : value;
        at += used + used % 2;
      }
    }
  }

  Bytes bytes_;
  std::uint64_t pixels_ = 0;  // where they start
  std::uint32_t bits_ = 0, compression_ = 0;
  int width_ = 0, height_ = 0;
  bool top_down_ = false;
  std::array<Channel, 3> channels_;
  std::vector<Colour> palette_;
};

}  // namespace

Decoded bmp(std::string_view bytes) {
  return {Bmp(bytes).decode()};
}

}  // namespace palimpsest::data::decode
