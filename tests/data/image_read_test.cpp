#include <algorithm>
#include <cmath>

#include "tests/data/scratch.h"

namespace palimpsest::data {
namespace {

class Decodes : public testing::TestWithParam<std::pair<const char*, int>> {};

// The allowance is for JPEG, where decoders may round differently.
TEST_P(Decodes, AsPillowDoes) {
  const auto [name, allowance] = GetParam();
  const Image got = read_image(golden(fmt::format("images/{}", name)));
  const Image expected = golden_picture(fmt::format("images/{}.npy", name));
  ASSERT_EQ(got.width, expected.width);
  ASSERT_EQ(got.height, expected.height);
  int worst = 0;
  for (std::size_t i = 0; i < got.pixels.size(); ++i)
    worst = std::max(worst, std::abs(int(got.pixels[i]) - int(expected.pixels[i])));
  EXPECT_LE(worst, allowance);
}

std::string test_name_of(const testing::TestParamInfo<std::pair<const char*, int>>& test) {
  std::string name = test.param.first;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Jpeg, Decodes,
                         testing::Values(std::pair{"rgb.jpg", 1}, std::pair{"progressive.jpg", 1},
                                         std::pair{"grey.jpg", 1}, std::pair{"cmyk.jpg", 2}),
                         test_name_of);

INSTANTIATE_TEST_SUITE_P(Png, Decodes,
                         testing::Values(std::pair{"rgb.png", 0}, std::pair{"grey.png", 0}, std::pair{"alpha.png", 0},
                                         std::pair{"grey16.png", 0}, std::pair{"palette.png", 0},
                                         std::pair{"named_png.jpg", 0}, std::pair{"animated.png", 0}),
                         test_name_of);

INSTANTIATE_TEST_SUITE_P(Bmp, Decodes,
                         testing::Values(std::pair{"rgb.bmp", 0}, std::pair{"grey.bmp", 0},
                                         std::pair{"top_down.bmp", 0}, std::pair{"top_down_8bit.bmp", 0},
                                         std::pair{"palette_4bit.bmp", 0}, std::pair{"palette_1bit.bmp", 0},
                                         std::pair{"os2_palette.bmp", 0}, std::pair{"os2_version2.bmp", 0},
                                         std::pair{"rle8.bmp", 0}, std::pair{"rle4.bmp", 0}, std::pair{"565.bmp", 1},
                                         std::pair{"555.bmp", 1}, std::pair{"alpha.bmp", 0},
                                         std::pair{"masks_after.bmp", 1}, std::pair{"masks_after_32bit.bmp", 0},
                                         std::pair{"version2.bmp", 0}, std::pair{"version2_16bit.bmp", 1},
                                         std::pair{"version3.bmp", 0}, std::pair{"version5.bmp", 0}),
                         test_name_of);

INSTANTIATE_TEST_SUITE_P(Tiff, Decodes,
                         testing::Values(std::pair{"rgb.tif", 0}, std::pair{"lzw.tif", 0}, std::pair{"grey.tif", 0},
                                         std::pair{"grey16.tif", 0}, std::pair{"alpha_unassociated.tif", 0},
                                         std::pair{"alpha_unassociated_planar.tif", 0},
                                         std::pair{"alpha_associated.tif", 0}, std::pair{"alpha_unknown.tif", 0},
                                         std::pair{"alpha_16bit.tif", 0}, std::pair{"alpha_16bit_planar.tif", 0},
                                         std::pair{"five_samples.tif", 0}, std::pair{"grey_alpha.tif", 0},
                                         std::pair{"cmyk.tif", 1}, std::pair{"orientation2.tif", 0},
                                         std::pair{"orientation3.tif", 0}, std::pair{"orientation4.tif", 0},
                                         std::pair{"orientation5.tif", 0}, std::pair{"orientation6.tif", 0},
                                         std::pair{"orientation7.tif", 0}, std::pair{"orientation8.tif", 0},
                                         std::pair{"orientation6_alpha.tif", 0}, std::pair{"pages.tif", 0}),
                         test_name_of);

INSTANTIATE_TEST_SUITE_P(Pnm, Decodes,
                         testing::Values(std::pair{"text.pbm", 0}, std::pair{"dense.pbm", 0}, std::pair{"text.pgm", 0},
                                         std::pair{"text.ppm", 0}, std::pair{"bits.pbm", 0}, std::pair{"grey.pgm", 0},
                                         std::pair{"grey_7.pgm", 0}, std::pair{"rgb.ppm", 0},
                                         std::pair{"rgb_100.ppm", 0}, std::pair{"rgb_64000.ppm", 0},
                                         std::pair{"rgb_65535.pnm", 0}, std::pair{"grey_1000.pgm", 0},
                                         std::pair{"grey_65535.pgm", 0}),
                         test_name_of);

INSTANTIATE_TEST_SUITE_P(Webp, Decodes,
                         testing::Values(std::pair{"lossless.webp", 0}, std::pair{"lossy.webp", 0},
                                         std::pair{"alpha_lossless.webp", 0}, std::pair{"alpha_lossy.webp", 0},
                                         std::pair{"animated.webp", 0}),
                         test_name_of);

INSTANTIATE_TEST_SUITE_P(Gif, Decodes,
                         testing::Values(std::pair{"pillow.gif", 0}, std::pair{"plain.gif", 0},
                                         std::pair{"interlaced.gif", 0}, std::pair{"local.gif", 0},
                                         std::pair{"local_only.gif", 0}, std::pair{"within.gif", 0},
                                         std::pair{"within_transparent.gif", 0}, std::pair{"transparent.gif", 0},
                                         std::pair{"beyond.gif", 0}, std::pair{"animated.gif", 0},
                                         std::pair{"long.gif", 0}),
                         test_name_of);

TEST(ImageRead, NamesWhatIsNotAPicture) {
  const Scratch scratch;
  scratch.file("Thumbs.db", "\x01\x02 not a picture");
  scratch.file("empty.jpg", "");
  expect_error_with({"Thumbs.db", "neither JPEG"}, [&] { read_image(scratch / "Thumbs.db"); });
  expect_error_with({"empty.jpg", "it is empty"}, [&] { read_image(scratch / "empty.jpg"); });
  expect_error_with({"missing.jpg"}, [&] { read_image(scratch / "missing.jpg"); });
  expect_error_with({"directory"}, [&] { read_image(scratch / ""); });
}

TEST(ImageRead, NamesThePictureThatItIs) {
  const Scratch scratch;
  const auto refused = [&](const std::string& bytes, const std::string& what) {
    scratch.file("x.jpg", bytes);
    expect_error_with({"x.jpg cannot be read as a picture: it is " + what}, [&] { read_image(scratch / "x.jpg"); });
  };
  refused("P7\nWIDTH 2\nHEIGHT 2\n", "a PAM or PFM picture (convert it to PNG or JPEG)");
  refused(std::string("\0\0\0\x20"
                      "ftypavif\0\0\0\0avifmif1",
                      24),
          "an AVIF picture (convert it to PNG or JPEG)");
  refused("<!doctype html><title>404</title>", "an HTML page (download the file again)");
  refused("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer (get the file itself with: git lfs pull)");
  refused(std::string(2000, '\0'), "nothing but zero bytes (copy it again)");
}

// If no colour could be right, none is invented.
TEST(ImageRead, FormsThatAreNotReadAreNamed) {
  const Scratch scratch;
  const auto refused = [&](const std::string& golden_name, std::size_t at, const std::string& change,
                           const std::string& why) {
    std::string bytes = picture_bytes(golden_name);
    bytes.replace(at, change.size(), change);
    scratch.file("x", bytes);
    expect_error_with({why}, [&] { read_image(scratch / "x"); });
  };
  refused("rgb.bmp", 30, "\x04", "it is a BMP of 24 bits with compression 4, which is not read");
  refused("rgb.bmp", 14, "\x29", "it has a BMP header of 41 bytes");
  refused("alpha.bmp", 54, "\x05", "it has the colour mask 0xff0005");
  refused("palette_4bit.bmp", 46, "\x02", "of 2 in its palette");
  refused("rgb.png", 12, "CgBI", "it is an iOS app's PNG");
}

TEST(ImageRead, ACutPictureIsRefusedWhereverItIsCut) {
  const Scratch scratch;
  for (const char* const name :
       {"rgb.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "rgb.png", "palette.png", "rgb.bmp", "top_down.bmp",
        "rle8.bmp", "rgb.tif", "lzw.tif", "lossy.webp", "long.gif", "text.ppm"}) {
    const std::string whole = picture_bytes(name);
    // The last bytes of PNG (its end chunk), TIFF (the directory) and JPEG (the end marker) may be needed or not.
    for (const double share : {0.05, 0.3, 0.6, 0.9}) {
      const std::string cut = whole.substr(0, std::size_t(share * double(whole.size())));
      scratch.file("cut", cut);
      EXPECT_THROW(read_image(scratch / "cut"), Error) << name << " cut to " << cut.size() << " of " << whole.size();
    }
  }
}

TEST(ImageRead, AHugePictureIsRefusedBeforeMemoryIsAsked) {
  const Scratch scratch;
  std::string png = picture_bytes("rgb.png");
  png[18] = char(0x7f);  // width in the header becomes 32,532; CRCs are not checked
  png[22] = char(0x7f);
  scratch.file("huge.png", png);
  expect_error_with({"huge.png", "100 million"}, [&] { read_image(scratch / "huge.png"); });
}

}  // namespace
}  // namespace palimpsest::data
