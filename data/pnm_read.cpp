// PBM, PGM and PPM, as text (P1 to P3) and binary (P4 to P6).
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "data/decode.h"

namespace palimpsest::data::decode {

namespace {

constexpr std::string_view cut_short = "it is cut short";

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// The characters of a file without its comments, which reach from # to the end of the line.
class Text {
 public:
  Text(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  // The next character that is not blank.
  char next() {
    skip_blanks();
    if (at_ == bytes_.size()) throw BrokenImage{std::string(cut_short)};
    return bytes_[at_++];
  }

  std::int64_t number() {
    skip_blanks();
    if (at_ == bytes_.size()) throw BrokenImage{std::string(cut_short)};
    const std::size_t begin = at_;
    std::int64_t value = 0;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9' && at_ - begin < 10; ++at_)
      value = 10 * value + (bytes_[at_] - '0');
    const bool ended = at_ == bytes_.size() || is_blank(bytes_[at_]) || bytes_[at_] == '#';
    if (at_ == begin || !ended) throw BrokenImage{fmt::format("at byte {} a number was expected", begin)};
    return value;
  }

  // Passes the one blank between the header and binary pixels.
  std::size_t start_of_pixels() {
    skip_comment();
    if (at_ == bytes_.size()) throw BrokenImage{std::string(cut_short)};
    return ++at_;
  }

  void skip_blanks() {
    for (; at_ < bytes_.size() && (is_blank(bytes_[at_]) || bytes_[at_] == '#'); ++at_) skip_comment();
  }
  std::size_t at() const { return at_; }

 private:
  void skip_comment() {
    if (at_ < bytes_.size() && bytes_[at_] == '#')
      while (at_ + 1 < bytes_.size() && bytes_[at_] != '\n' && bytes_[at_] != '\r') ++at_;
  }

  std::string_view bytes_;
  std::size_t at_;
};

class Pnm {
 public:
  explicit Pnm(std::string_view bytes) : bytes_(bytes), text_(bytes, 2), form_(bytes[1] - '0') {
    const std::int64_t width = text_.number(), height = text_.number();
    require_size(width, height);
    if (!bits()) {
      largest_ = text_.number();
      if (largest_ < 1 || largest_ > 65535)
        throw BrokenImage{fmt::format("its largest value is {}, which is not in 1 to 65535", largest_)};
    }
    fewest_bytes_ = fewest_bytes(std::size_t(width), std::size_t(height));
    if (bytes_.size() - text_.at() < fewest_bytes_) throw BrokenImage{std::string(cut_short)};
    image_ = Image(int(width), int(height));
  }

  Decoded decode() {
    if (form_ <= 3)
      read_text();
    else
      read_binary();
    text_.skip_blanks();
    const std::string_view rest = bytes_.substr(text_.at());
    return {std::move(image_), rest.size() > 2 && is_pnm(rest)};
  }

 private:
  bool bits() const { return form_ == 1 || form_ == 4; }
  bool coloured() const { return form_ == 3 || form_ == 6; }

  // Of the pixels: exact if binary; as text a number takes a digit and, but for the last, a blank.
  std::size_t fewest_bytes(std::size_t width, std::size_t height) const {
    const std::size_t values = width * height * (coloured() ? 3 : 1);
    if (form_ == 4) return (width + 7) / 8 * height;
    if (form_ > 4) return largest_ > 255 ? 2 * values : values;
    return bits() ? values : 2 * values - 1;
  }
  std::size_t pixels() const { return image_.pixels.size() / 3; }

  // 0 to the largest value become 0 to 255; halves are rounded to even, as in Pillow.
  std::uint8_t scaled(std::int64_t value) const {
    if (value > largest_) throw BrokenImage{fmt::format("it has the value {}, above its largest, {}", value, largest_)};
    return std::uint8_t(largest_ == 255 ? value : std::lrint(double(value) / double(largest_) * 255));
  }
  void put_grey(std::size_t pixel, std::uint8_t grey) {
    for (std::size_t c = 0; c < 3; ++c) image_.pixels[3 * pixel + c] = grey;
  }

  void read_text() {
    for (std::size_t i = 0; i < pixels(); ++i)
      if (bits()) {
        const char c = text_.next();
        if (c != '0' && c != '1') throw BrokenImage{fmt::format("at byte {} 0 or 1 was expected", text_.at() - 1)};
        put_grey(i, c == '0' ? 255 : 0);
      } else if (coloured()) {
        for (std::size_t c = 0; c < 3; ++c) image_.pixels[3 * i + c] = scaled(text_.number());
      } else {
        put_grey(i, scaled(text_.number()));
      }
  }

  void read_binary() {
    const std::size_t start = text_.start_of_pixels(), width = std::size_t(image_.width);
    const std::size_t item = largest_ > 255 ? 2 : 1, stride = (width + 7) / 8;
    if (bytes_.size() - start < fewest_bytes_) throw BrokenImage{std::string(cut_short)};
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes_[start + i]); };
    const auto value = [&](std::size_t i) {
      return scaled(item == 1 ? byte(i) : std::int64_t{byte(2 * i)} << 8 | byte(2 * i + 1));
    };
    for (std::size_t i = 0; i < pixels(); ++i)
      if (bits())
        put_grey(i, (byte(stride * (i / width) + i % width / 8) >> (7 - i % width % 8) & 1) != 0 ? 0 : 255);
      else if (coloured())
        for (std::size_t c = 0; c < 3; ++c) image_.pixels[3 * i + c] = value(3 * i + c);
      else
        put_grey(i, value(i));
    text_ = Text(bytes_, start + fewest_bytes_);
  }

  std::string_view bytes_;
  Text text_;
  int form_;                  // the digit after the P
  std::int64_t largest_ = 1;  // what a file calls its maximum value
  std::size_t fewest_bytes_ = 0;
  Image image_;
};

}  // namespace

bool is_pnm(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
         (is_blank(bytes[2]) || bytes[2] == '#');
}

Decoded pnm(std::string_view bytes) {
  if (!is_pnm(bytes)) throw BrokenImage{"it does not begin as a PNM"};
  return Pnm(bytes).decode();
}

}  // namespace palimpsest::data::decode
