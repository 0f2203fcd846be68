#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>

#include <jerror.h>

#include "data/decode.h"

namespace palimpsest::data::decode {

namespace {

// libjpeg reports errors by calling error_exit, which must not return, and exceptions may not pass through C code:
// hence longjmp. A jump skips destructors, so functions that call setjmp have only this struct and plain values, and
// their caller owns every C++ object.
struct Reader {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf on_error;
  char message[JMSG_LENGTH_MAX];
  bool incomplete;  // the data ended early or could not be decoded; libjpeg by default fills in grey and continues
};

Reader& reader_of(j_common_ptr common) {
  return *static_cast<Reader*>(common->client_data);
}

[[noreturn]] void on_fatal(j_common_ptr common) {
  Reader& reader = reader_of(common);
  common->err->format_message(common, reader.message);
  std::longjmp(reader.on_error, 1);
}

void on_warning(j_common_ptr common, int level) {
  if (level >= 0) return;  // a trace message
  Reader& reader = reader_of(common);
  const int code = common->err->msg_code;
  // Stray bytes between markers and odd headers are common in web pictures, and harmless.
  const bool pixels_lost = code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
                           code == JWRN_BOGUS_PROGRESSION || code == JWRN_MUST_RESYNC || code == JWRN_ARITH_BAD_CODE;
  if (!pixels_lost || reader.incomplete) return;
  reader.incomplete = true;
  common->err->format_message(common, reader.message);
}

// A progressive picture has about ten scans. Each goes over all of it, however few bytes it takes in the file.
void require_few_scans(j_common_ptr common) {
  constexpr int most = 500;
  Reader& reader = reader_of(common);
  if (reader.jpeg.input_scan_number <= most) return;
  std::snprintf(reader.message, sizeof reader.message, "it has more than %d scans", most);
  std::longjmp(reader.on_error, 1);
}

bool read_header(Reader& reader, std::string_view bytes) {
  reader.incomplete = false;
  reader.message[0] = '\0';
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = on_fatal;
  reader.errors.emit_message = on_warning;
  reader.errors.output_message = [](j_common_ptr) {};
  reader.jpeg.client_data = &reader;
  if (setjmp(reader.on_error)) return false;
  jpeg_create_decompress(&reader.jpeg);
  reader.jpeg.client_data = &reader;  // the line above cleared it
  reader.progress.progress_monitor = require_few_scans;
  reader.jpeg.progress = &reader.progress;
  jpeg_mem_src(&reader.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&reader.jpeg, TRUE);
  return true;
}

bool start(Reader& reader) {
  if (setjmp(reader.on_error)) return false;
  const bool cmyk = reader.jpeg.jpeg_color_space == JCS_CMYK || reader.jpeg.jpeg_color_space == JCS_YCCK;
  reader.jpeg.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  reader.jpeg.dct_method = JDCT_ISLOW;  // explicit, so that the pixels do not depend on how the library was built
  jpeg_start_decompress(&reader.jpeg);
  return true;
}

bool read_rows(Reader& reader, std::uint8_t* rows, std::size_t stride) {
  if (setjmp(reader.on_error)) return false;
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    JSAMPROW row = rows + stride * reader.jpeg.output_scanline;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
    if (reader.incomplete) return false;
  }
  jpeg_finish_decompress(&reader.jpeg);
  return !reader.incomplete;
}

void cmyk_to_rgb(const std::vector<std::uint8_t>& cmyk, bool inverted, Image& image) {
  const int flip = inverted ? 0 : 255;  // Adobe stores 255 for no ink
  for (std::size_t i = 0; i < cmyk.size() / 4; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      image.pixels[3 * i + c] = std::uint8_t(((cmyk[4 * i + c] ^ flip) * (cmyk[4 * i + 3] ^ flip) + 127) / 255);
}

}  // namespace

Decoded jpeg(std::string_view bytes) {
  Reader reader{};
  struct Destroy {
    Reader& reader;
    ~Destroy() { jpeg_destroy_decompress(&reader.jpeg); }
  } destroy{reader};
  if (!read_header(reader, bytes)) throw BrokenImage{reader.message};
  require_size(reader.jpeg.image_width, reader.jpeg.image_height);
  if (!start(reader)) throw BrokenImage{reader.message};
  Image image(int(reader.jpeg.output_width), int(reader.jpeg.output_height));
  const std::size_t width = reader.jpeg.output_width, height = reader.jpeg.output_height;
  if (reader.jpeg.out_color_space == JCS_CMYK) {
    std::vector<std::uint8_t> cmyk(4 * width * height);
    if (!read_rows(reader, cmyk.data(), 4 * width)) throw BrokenImage{reader.message};
    cmyk_to_rgb(cmyk, reader.jpeg.saw_Adobe_marker, image);
  } else if (!read_rows(reader, image.pixels.data(), 3 * width)) {
    throw BrokenImage{reader.message};
  }
  return {std::move(image)};
}

}  // namespace palimpsest::data::decode
