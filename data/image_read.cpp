#include "base/error.h"
#include "base/file_kind.h"
#include "base/files.h"
#include "data/decode.h"
#include "data/read_picture.h"

namespace palimpsest::data {

namespace decode {
void require_size(std::int64_t width, std::int64_t height) {
  constexpr std::int64_t limit = 100'000'000;
  if (width < 1 || height < 1) throw BrokenImage{"it has no pixels"};
  if (width > limit || height > limit || width * height > limit)
    throw BrokenImage{fmt::format("it has {} x {} pixels, more than 100 million", width, height)};
}
}  // namespace decode

namespace {

decode::Decoded decode_any(std::string_view bytes) {
  using namespace std::string_view_literals;
  const auto starts = [&](std::string_view magic) { return bytes.starts_with(magic); };
  if (starts("\xFF\xD8\xFF"sv)) return decode::jpeg(bytes);
  if (starts("\x89PNG\r\n\x1A\n"sv)) return decode::png(bytes);
  if (starts("BM"sv)) return decode::bmp(bytes);
  if (starts("II*\0"sv) || starts("MM\0*"sv) || starts("II+\0"sv) || starts("MM\0+"sv)) return decode::tiff(bytes);
  if (starts("RIFF"sv) && bytes.substr(0, 12).ends_with("WEBP"sv)) return decode::webp(bytes);
  if (starts("GIF87a"sv) || starts("GIF89a"sv)) return decode::gif(bytes);
  if (decode::is_pnm(bytes)) return decode::pnm(bytes);
  if (bytes.empty()) throw decode::BrokenImage{"it is empty"};
  if (const FileKind kind = file_kind(bytes); kind.known())
    throw decode::BrokenImage{kind.remedy.empty() ? fmt::format("it begins as {}, but is broken", kind.name)
                                                  : "it is " + kind.text()};
  throw decode::BrokenImage{"it is neither JPEG, PNG, TIFF, BMP, WebP, GIF nor PNM"};
}

}  // namespace

Picture read_picture(const std::filesystem::path& path, Orientation orientation) {
  const std::string bytes = read_file(path);
  try {
    auto [image, more] = decode_any(bytes);
    const int tag = exif_orientation(bytes);
    Picture picture{std::move(image), tag != 1, more};
    if (picture.tagged && orientation == Orientation::exif) picture.image = oriented(picture.image, tag);
    return picture;
  } catch (const decode::BrokenImage& broken) {
    throw Error(fmt::format("{} cannot be read as a picture: {}", path.string(), broken.why),
                "replace the file, or remove it from the data set");
  }
}

Image read_image(const std::filesystem::path& path) {
  return read_picture(path, Orientation::stored).image;
}

}  // namespace palimpsest::data
