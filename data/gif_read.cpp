// The first frame of a GIF, by giflib, on the canvas that the file states.
#include <fmt/format.h>
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "data/decode.h"

namespace palimpsest::data::decode {

namespace {

struct Memory {
  std::string_view bytes;
  std::size_t at = 0;
};

int read(GifFileType* gif, GifByteType* to, int count) {
  auto& memory = *static_cast<Memory*>(gif->UserData);
  const std::size_t take = std::min(std::size_t(std::max(0, count)), memory.bytes.size() - memory.at);
  std::memcpy(to, memory.bytes.data() + memory.at, take);
  memory.at += take;
  return int(take);
}

struct Close {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

[[noreturn]] void fail(int error) {
  const char* const reason = GifErrorString(error);
  const bool ended = error == D_GIF_ERR_READ_FAILED || error == D_GIF_ERR_EOF_TOO_SOON;
  throw BrokenImage{ended ? "it is cut short" : fmt::format("giflib: {}", reason ? reason : "it cannot be decoded")};
}

class Gif {
 public:
  explicit Gif(std::string_view bytes) : memory_{bytes} {
    int error = 0;
    file_.reset(DGifOpen(&memory_, read, &error));
    if (!file_) fail(error);
  }

  Decoded decode() {
    if (next_record() != IMAGE_DESC_RECORD_TYPE) throw BrokenImage{"it holds no picture"};
    require_frame();
    check(DGifGetImageDesc(file_.get()));
    const GifImageDesc& frame = file_->Image;
    palette_ = frame.ColorMap ? frame.ColorMap : file_->SColorMap;
    if (!palette_) throw BrokenImage{"it has no palette"};
    // A frame that reaches beyond the canvas enlarges it, as in Pillow.
    const int width = std::max(file_->SWidth, frame.Left + frame.Width);
    const int height = std::max(file_->SHeight, frame.Top + frame.Height);
    require_size(width, height);
    Image image(width, height);
    if (frame.Width < width || frame.Height < height) fill(image);
    read_rows(image);
    return {std::move(image), another_follows()};
  }

 private:
  void check(int outcome) const {
    if (outcome == GIF_ERROR) fail(file_->Error);
  }

  // Passes the extensions; of these only the transparent colour counts.
  GifRecordType next_record() {
    GifRecordType kind = UNDEFINED_RECORD_TYPE;
    for (int extensions = 0; extensions <= most_extensions; ++extensions) {
      check(DGifGetRecordType(file_.get(), &kind));
      if (kind != EXTENSION_RECORD_TYPE) return kind;
      pass_extension();
    }
    throw BrokenImage{fmt::format("more than {} extensions precede its picture", most_extensions)};
  }

  // Errors after the first picture do not affect it.
  bool another_follows() {
    try {
      return next_record() == IMAGE_DESC_RECORD_TYPE;
    } catch (const BrokenImage&) {
      return false;
    }
  }

  void pass_extension() {
    int code = 0;
    GifByteType* block = nullptr;
    check(DGifGetExtension(file_.get(), &code, &block));
    if (code == GRAPHICS_EXT_FUNC_CODE && block && block[0] >= 4)
      transparent_ = (block[1] & 1) != 0 ? int{block[4]} : -1;
    while (block) check(DGifGetExtensionNext(file_.get(), &block));
  }

  // The frame's size in the file, before giflib takes memory for it.
  void require_frame() const {
    const std::string_view rest = memory_.bytes.substr(memory_.at);
    if (rest.size() < 9) fail(D_GIF_ERR_READ_FAILED);
    const auto number = [&](std::size_t at) {
      return std::int64_t{static_cast<unsigned char>(rest[at])} | std::int64_t{static_cast<unsigned char>(rest[at + 1])}
                                                                      << 8;
    };
    require_size(number(4), number(6));
    require_size(std::max<std::int64_t>(file_->SWidth, number(0) + number(4)),
                 std::max<std::int64_t>(file_->SHeight, number(2) + number(6)));
  }

  void put(std::uint8_t* to, int index) const {
    if (index >= palette_->ColorCount)
      throw BrokenImage{fmt::format("a pixel has the colour {} of {} in its palette", index, palette_->ColorCount)};
    const GifColorType& colour = palette_->Colors[index];
    to[0] = colour.Red;
    to[1] = colour.Green;
    to[2] = colour.Blue;
  }

  // Beyond the frame the canvas has the transparent colour or, without one, the first, as in Pillow.
  void fill(Image& image) const {
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x) put(image.at(x, y), std::max(0, transparent_));
  }

  void read_rows(Image& image) {
    const GifImageDesc& frame = file_->Image;
    struct Pass {
      int first, step;
    };
    static constexpr std::array<Pass, 4> interlaced{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    static constexpr std::array<Pass, 1> plain{{{0, 1}}};
    std::vector<GifByteType> row(std::size_t(frame.Width));
    const auto read_pass = [&](Pass pass) {
      for (int y = pass.first; y < frame.Height; y += pass.step) {
        check(DGifGetLine(file_.get(), row.data(), frame.Width));
        for (int x = 0; x < frame.Width; ++x) put(image.at(frame.Left + x, frame.Top + y), row[std::size_t(x)]);
      }
    };
    if (frame.Interlace)
      std::for_each(interlaced.begin(), interlaced.end(), read_pass);
    else
      std::for_each(plain.begin(), plain.end(), read_pass);
  }

  static constexpr int most_extensions = 10000;
  Memory memory_;
  std::unique_ptr<GifFileType, Close> file_;
  const ColorMapObject* palette_ = nullptr;
  int transparent_ = -1;
};

}  // namespace

Decoded gif(std::string_view bytes) {
  return Gif(bytes).decode();
}

}  // namespace palimpsest::data::decode
