#include "base/file_kind.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/support/goldens.h"

namespace palimpsest {
namespace {

using namespace std::string_view_literals;

TEST(FileKind, IsSeenInTheFirstBytes) {
  const std::string blank(600, '\x01');
  for (const auto& [bytes, name] : {
           std::pair{"RIFF\x10\0\0\0WEBPVP8 "sv, "a WebP picture"},
           std::pair{"\0\0\0\x20"
                     "ftypavif\0\0\0\0avifmif1"sv,
                     "an AVIF picture"},
           std::pair{"\0\0\0\x20"
                     "ftypmif1\0\0\0\0avifmiaf"sv,
                     "an AVIF picture"},
           std::pair{"\0\0\0\x20"
                     "ftypheic\0\0\0\0mif1heic"sv,
                     "a HEIC picture"},
           std::pair{"\0\0\0\x20"
                     "ftypisom\0\0\0\0isommp42"sv,
                     "an MP4 or QuickTime video"},
           std::pair{"GIF89a\1\0"sv, "a GIF picture"},
           std::pair{"P6\n2 2\n255\n"sv, "a PNM picture (PPM, PGM or PBM)"},
           std::pair{"P7\nWIDTH 2\n"sv, "a PAM or PFM picture"},
           std::pair{"\xFF\x0A\xFA"sv, "a JPEG XL picture"},
           std::pair{"\0\0\0\x0CJXL \r\n\x87\n"sv, "a JPEG XL picture"},
           std::pair{"\0\0\0\x0CjP  \r\n\x87\n"sv, "a JPEG 2000 picture"},
           std::pair{"8BPS\0\1"sv, "a Photoshop picture (PSD)"},
           std::pair{"\0\0\1\0\1\0"sv, "an icon (ICO)"},
           std::pair{"<?xml version='1.0'?>\n<svg xmlns='x'/>"sv, "an SVG drawing"},
           std::pair{"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"sv,
                     "an XML text, such as a server's error message"},
           std::pair{"\xEF\xBB\xBF\n <!DOCTYPE HTML PUBLIC>"sv, "an HTML page"},
           std::pair{"%PDF-1.4"sv, "a PDF document"},
           std::pair{"version https://git-lfs.github.com/spec/v1\n"sv, "a Git LFS pointer"},
           std::pair{"PK\x03\x04\x14\0x.npy"sv, "an .npz archive"},
           std::pair{"PK\x03\x04\x14\0[Content_Types].xml"sv, "an Excel or Office file"},
           std::pair{"PK\x03\x04\x14\0a.txt"sv, "a zip archive"},
           std::pair{"\x80\x04\x95"sv, "a Python pickle, which is never executed"},
           std::pair{"\xFF\xFE"
                     "a\0"sv,
                     "UTF-16 text, Excel's 'Unicode text'"},
           std::pair{"404: Not Found"sv, "a text file"},
       })
    EXPECT_EQ(file_kind(bytes).name, name);
  EXPECT_EQ(file_kind(std::string(4096, '\0')).name, "nothing but zero bytes");
  EXPECT_FALSE(file_kind(blank).known());
  EXPECT_FALSE(file_kind("").known());
}

TEST(FileKind, KnowsThePicturesThatAreRead) {
  for (const auto& [file, name] : {std::pair{"rgb.jpg", "a JPEG picture"}, std::pair{"rgb.png", "a PNG picture"},
                                   std::pair{"rgb.bmp", "a BMP picture"}, std::pair{"rgb.tif", "a TIFF picture"},
                                   std::pair{"lossy.webp", "a WebP picture"}, std::pair{"plain.gif", "a GIF picture"},
                                   std::pair{"rgb.ppm", "a PNM picture (PPM, PGM or PBM)"}}) {
    const FileKind kind = file_kind(read_file(goldens() / "images" / file));
    EXPECT_EQ(kind.text(), name) << "and nothing to be done about it";
    EXPECT_TRUE(kind.picture);
  }
  EXPECT_EQ(file_kind("qoif\1").text(), "a QOI picture (convert it to PNG or JPEG)");
}

// Every prefix of every picture: a kind or none, never a read beyond the end (checked by the sanitizer builds).
TEST(FileKind, TakesBytesOfAnyLength) {
  for (const char* const file : {"rgb.jpg", "rgb.png", "rgb.bmp", "rgb.tif"}) {
    const std::string whole = read_file(goldens() / "images" / file);
    for (std::size_t length = 0; length < 300; ++length) {
      const std::string start = whole.substr(0, length);
      EXPECT_TRUE(length < 26 || file_kind(start).picture) << file << " cut to " << length;
    }
  }
}

}  // namespace
}  // namespace palimpsest
