#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "data/decode.h"

namespace palimpsest::decode {

namespace {

// libtiff's error handler is one for the whole process, so the message is kept per thread.
thread_local char message[256];

void keep_message(const char*, const char* format, std::va_list arguments) {
  if (message[0] == '\0') std::vsnprintf(message, sizeof message, format, arguments);
}

void install_handlers() {
  static const bool once = [] {
    TIFFSetErrorHandler(keep_message);
    TIFFSetWarningHandler(nullptr);
    return true;
  }();
  (void)once;
}

struct Memory {
  std::string_view bytes;
  std::uint64_t at = 0;
};

tmsize_t read(thandle_t handle, void* to, tmsize_t size) {
  auto& memory = *static_cast<Memory*>(handle);
  if (size <= 0 || memory.at >= memory.bytes.size()) return 0;
  const auto take = std::min(std::uint64_t(size), memory.bytes.size() - memory.at);
  std::memcpy(to, memory.bytes.data() + memory.at, take);
  memory.at += take;
  return tmsize_t(take);
}
tmsize_t refuse_write(thandle_t, void*, tmsize_t) {
  return -1;
}
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto& memory = *static_cast<Memory*>(handle);
  memory.at = offset + (whence == SEEK_CUR ? memory.at : whence == SEEK_END ? memory.bytes.size() : 0);
  return memory.at;
}
int leave_open(thandle_t) {
  return 0;
}
toff_t size(thandle_t handle) {
  return static_cast<Memory*>(handle)->bytes.size();
}

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};

[[noreturn]] void fail() {
  throw BrokenImage{message[0] ? message : "it is not a TIFF picture that can be decoded"};
}

}  // namespace

Image tiff(std::string_view bytes) {
  install_handlers();
  message[0] = '\0';
  Memory memory{bytes};
  // "m": no memory mapping, all reads go through our bounds-checked function.
  const std::unique_ptr<TIFF, Close> file(
      TIFFClientOpen("tiff", "rm", &memory, read, refuse_write, seek, leave_open, size, nullptr, nullptr));
  if (!file) fail();
  std::uint32_t width = 0, height = 0;
  if (!TIFFGetField(file.get(), TIFFTAG_IMAGEWIDTH, &width) || !TIFFGetField(file.get(), TIFFTAG_IMAGELENGTH, &height))
    throw BrokenImage{"it does not say how large it is"};
  require_size(width, height);
  std::vector<std::uint32_t> raster(std::size_t{width} * height);
  if (!TIFFReadRGBAImageOriented(file.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, 1)) fail();
  Image image{int(width), int(height)};
  for (std::size_t i = 0; i < raster.size(); ++i) {
    image.pixels[3 * i] = std::uint8_t(TIFFGetR(raster[i]));
    image.pixels[3 * i + 1] = std::uint8_t(TIFFGetG(raster[i]));
    image.pixels[3 * i + 2] = std::uint8_t(TIFFGetB(raster[i]));
  }
  return image;
}

}  // namespace palimpsest::decode
