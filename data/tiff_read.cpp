#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "data/decode.h"
#include "data/orientation.h"

namespace palimpsest::data::decode {

namespace {

// libtiff's error handler is global, so the message is kept per thread.
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
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

using File = std::unique_ptr<TIFF, Close>;

// libtiff's largest piece of memory: a strip or tile of the largest picture has up to 8 bytes a pixel, and a broken
// file must not ask for more. Everything together is limited where libtiff can (from 4.6.1 on).
File open(Memory& memory) {
  constexpr tmsize_t largest_piece = tmsize_t{800'000'000};
  const std::unique_ptr<TIFFOpenOptions, Close> options(TIFFOpenOptionsAlloc());
  if (!options) throw BrokenImage{"memory is short"};
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), largest_piece);
#if TIFFLIB_VERSION >= 20240911
  TIFFOpenOptionsSetMaxCumulatedMemAlloc(options.get(), 2 * largest_piece);
#endif
  // "m": no memory mapping, all reads go through our bounds-checked function.
  return File(TIFFClientOpenExt("tiff", "rm", &memory, read, refuse_write, seek, leave_open, size, nullptr, nullptr,
                                options.get()));
}

[[noreturn]] void fail() {
  throw BrokenImage{message[0] ? message : "it is not a TIFF picture that can be decoded"};
}

// The meaning of the samples beyond the colours.
enum class Alpha : std::uint8_t { none, dropped, divided };

// libtiff would blend a picture with unassociated alpha over black. We need the stored colours, which it returns for
// associated alpha, so the alpha is declared as such. Premultiplied colours are divided by alpha afterwards.
Alpha take_alpha(TIFF* file) {
  std::uint16_t samples = 1, photometric = 0, count = 0;
  std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &samples);
  if (!TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &photometric)) return Alpha::none;
  const int colours = photometric == PHOTOMETRIC_RGB ? 3 : photometric <= PHOTOMETRIC_MINISBLACK ? 1 : samples;
  if (samples <= colours) return Alpha::none;
  const bool tagged = TIFFGetField(file, TIFFTAG_EXTRASAMPLES, &count, &kinds) && count > 0 && kinds != nullptr;
  const bool associated = tagged && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
  std::uint16_t bits = 1;
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &bits);
  if (associated && colours == 1 && bits != 8)  // libtiff drops this alpha
    throw BrokenImage{fmt::format("its grey of {} bits is multiplied by alpha, which is not read", bits)};
  std::vector<std::uint16_t> as_stored(std::size_t(samples - colours), EXTRASAMPLE_UNSPECIFIED);
  as_stored[0] = EXTRASAMPLE_ASSOCALPHA;
  TIFFSetField(file, TIFFTAG_EXTRASAMPLES, int(as_stored.size()), as_stored.data());
  return associated ? Alpha::divided : Alpha::dropped;
}

// libtiff mirrors a picture by its orientation tag but does not rotate it, so this is done here: libtiff is given the
// default orientation.
int take_orientation(TIFF* file) {
  std::uint16_t orientation = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(file, TIFFTAG_ORIENTATION, &orientation);
  TIFFSetField(file, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  return orientation >= ORIENTATION_TOPLEFT && orientation <= ORIENTATION_LEFTBOT ? orientation : ORIENTATION_TOPLEFT;
}

void require_known_samples(TIFF* file) {
  char why[1024] = "";
  if (!TIFFRGBAImageOK(file, why))
    throw BrokenImage{fmt::format("its kind of TIFF is not read (convert it to PNG or JPEG): {}", why)};
  std::uint16_t format = SAMPLEFORMAT_UINT, bits = 1;
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &bits);
  if (format == SAMPLEFORMAT_INT && bits > 8)
    throw BrokenImage{fmt::format("it holds signed numbers of {} bits, whose black and white are not known", bits)};
}

std::uint8_t divided(std::uint32_t colour, std::uint32_t alpha) {
  return std::uint8_t(alpha == 0 ? 0 : std::min(255U, 255 * colour / alpha));
}

}  // namespace

Decoded tiff(std::string_view bytes) {
  install_handlers();
  message[0] = '\0';
  Memory memory{bytes};
  const File file = open(memory);
  if (!file) fail();
  std::uint32_t width = 0, height = 0;
  if (!TIFFGetField(file.get(), TIFFTAG_IMAGEWIDTH, &width) || !TIFFGetField(file.get(), TIFFTAG_IMAGELENGTH, &height))
    throw BrokenImage{"it does not say how large it is"};
  require_size(width, height);
  require_known_samples(file.get());
  const Alpha alpha = take_alpha(file.get());
  const int orientation = take_orientation(file.get());
  std::vector<std::uint32_t> raster(std::size_t{width} * height);
  if (!TIFFReadRGBAImageOriented(file.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, 1)) fail();
  Image image{int(width), int(height)};
  for (std::size_t i = 0; i < raster.size(); ++i) {
    const std::uint32_t colour[] = {TIFFGetR(raster[i]), TIFFGetG(raster[i]), TIFFGetB(raster[i])};
    for (std::size_t c = 0; c < 3; ++c)
      image.pixels[3 * i + c] =
          alpha == Alpha::divided ? divided(colour[c], TIFFGetA(raster[i])) : std::uint8_t(colour[c]);
  }
  const bool more = TIFFLastDirectory(file.get()) == 0;
  return {orientation == ORIENTATION_TOPLEFT ? std::move(image) : oriented(image, orientation), more};
}

}  // namespace palimpsest::data::decode
