#include <cmath>

#include "tests/data/scratch.h"

namespace palimpsest {
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

INSTANTIATE_TEST_SUITE_P(EveryForm, Decodes,
                         testing::Values(std::pair{"rgb.jpg", 1}, std::pair{"progressive.jpg", 1},
                                         std::pair{"grey.jpg", 1}, std::pair{"cmyk.jpg", 2}, std::pair{"rgb.png", 0},
                                         std::pair{"grey.png", 0}, std::pair{"alpha.png", 0},
                                         std::pair{"grey16.png", 0}, std::pair{"palette.png", 0},
                                         std::pair{"rgb.bmp", 0}, std::pair{"grey.bmp", 0}, std::pair{"rgb.tif", 0},
                                         std::pair{"lzw.tif", 0}, std::pair{"grey.tif", 0}, std::pair{"grey16.tif", 0},
                                         std::pair{"named_png.jpg", 0}),
                         [](const auto& test) {
                           std::string name = test.param.first;
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

TEST(ImageRead, NamesWhatIsNotAPicture) {
  const Scratch scratch;
  scratch.file("Thumbs.db", "not a picture");
  scratch.file("empty.jpg", "");
  expect_error([&] { read_image(scratch / "Thumbs.db"); }, {"Thumbs.db", "neither JPEG"});
  expect_error([&] { read_image(scratch / "empty.jpg"); }, {"empty.jpg", "it is empty"});
  expect_error([&] { read_image(scratch / "missing.jpg"); }, {"missing.jpg"});
  expect_error([&] { read_image(scratch / ""); }, {"directory"});
}

TEST(ImageRead, ACutPictureIsRefusedWhereverItIsCut) {
  const Scratch scratch;
  for (const char* const name : {"rgb.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "rgb.png", "palette.png",
                                 "rgb.bmp", "rgb.tif", "lzw.tif"}) {
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
  png[18] = char(0x7f);  // width in the header becomes 32,532; CRCs are not looked at
  png[22] = char(0x7f);
  scratch.file("huge.png", png);
  expect_error([&] { read_image(scratch / "huge.png"); }, {"huge.png", "100 million"});
}

}  // namespace
}  // namespace palimpsest
