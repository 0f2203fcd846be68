// PNM, WebP and GIF beyond their pixels: what is refused, limits, files with several pictures, and orientation tags.
#include "data/read_picture.h"
#include "tests/data/scratch.h"

namespace palimpsest::data {
namespace {

class Forms : public testing::Test {
 protected:
  Picture read(std::string_view bytes, Orientation orientation = Orientation::stored) const {
    scratch.file("picture", bytes);
    return read_picture(scratch / "picture", orientation);
  }
  void refused(std::string_view bytes, const std::string& why) const {
    expect_error_with({"picture cannot be read as a picture: " + why}, [&] { read(bytes); });
  }
  static std::string changed(const std::string& golden_name, std::size_t at, std::string_view change) {
    std::string bytes = picture_bytes(golden_name);
    return bytes.replace(at, change.size(), change);
  }
  Scratch scratch;
};

TEST_F(Forms, OfPnmThatCannotBeRightAreRefused) {
  refused("P2\n2 1\n255\n7 x", "at byte 13 a number was expected");
  refused("P2\n2 1\n255\n7 -1", "at byte 13 a number was expected");
  refused("P2\n2 1\n255\n7 12345678901", "at byte 13 a number was expected");
  refused("P2\n2 1\n5\n7 1\n", "it has the value 7, above its largest, 5");
  refused("P5\n2 1\n5\n\7\1", "it has the value 7, above its largest, 5");
  refused("P2\n2 1\n0\n0 0\n", "its largest value is 0, which is not in 1 to 65535");
  refused("P6\n2 1\n65536\n", "its largest value is 65536");
  refused("P1\n2 1\n0 2\n", "at byte 9 0 or 1 was expected");
  refused("P4\n0 1\n\1\1", "it has no pixels");
  refused("P3\n# only a comment", "it is cut short");
  refused("P1\n10000 10000\n0 1", "it is cut short");
}

TEST_F(Forms, APngHasWhatItsChunksState) {
  const std::size_t pixels = picture_bytes("rgb.png").find("IDAT");
  expect_error_with({"it is cut short"},
                    [&] { read(changed("rgb.png", pixels - 4, std::string_view("\x64\0\0\x40", 4))); });
}

TEST_F(Forms, TheSizeInTheHeaderIsRequiredFirst) {
  const std::string large = "100 million";
  expect_error_with({large}, [&] { read("P6\n20000 20000\n255\n"); });
  expect_error_with({large}, [&] { read("P1\n9999999999 9999999999\n"); });
  expect_error_with({large}, [&] { read(changed("plain.gif", 6, "\xFF\xFF\xFF\xFF")); });
  // The frame follows the palette of 16 colours and a comment.
  const std::size_t frame = picture_bytes("plain.gif").find(',') + 5;
  ASSERT_EQ(frame, 13U + 48 + 15 + 5);
  expect_error_with({large}, [&] { read(changed("plain.gif", frame, "\xFF\xFF\xFF\xFF")); });
  expect_error_with({large}, [&] { read(changed("animated.webp", 24, std::string_view("\xFF\x3F\0\xFF\x3F", 5))); });
  expect_error_with({large}, [&] { read(changed("lossy.webp", 26, "\xFF\x3F\xFF\x3F")); });
  expect_error_with({large}, [&] { read(changed("rgb.bmp", 18, std::string_view("\0\0\1\0\0\0\1", 7))); });
  const std::string jpeg = picture_bytes("rgb.jpg");
  const std::size_t size = jpeg.find("\xFF\xC0") + 5;
  expect_error_with({large}, [&] { read(changed("rgb.jpg", size, "\xFF\xDC\xFF\xDC")); });
}

// libtiff would take 3.6 GB for the tile.
TEST_F(Forms, OfTiffWhosePiecesAreTooLargeAreRefused) {
  refused(picture_bytes("refused_tile.tif") + std::string(4'000'000, '\0'),
          "Memory allocation of 3600000000 bytes is beyond the 800000000 byte limit");
}

TEST_F(Forms, OfGifWithoutItsColoursAreRefused) {
  std::string bytes = picture_bytes("local.gif");
  bytes[10] = char(bytes[10] & ~7);  // its palette has two colours; what follows is then not a frame
  EXPECT_THROW(read(bytes), Error);
  bytes = picture_bytes("plain.gif");
  bytes[10] = '\0';
  bytes.erase(13, 48);
  refused(bytes, "it has no palette");
  bytes = picture_bytes("plain.gif").substr(0, 13 + 48);
  refused(bytes + ";", "it holds no picture");
  refused("GIF88a" + bytes.substr(6), "it begins as a GIF picture, but is broken");
  for (int i = 0; i < 10001; ++i) bytes += std::string("!\xFE\0", 3);
  refused(bytes + picture_bytes("plain.gif").substr(13 + 48), "more than 10000 extensions precede its picture");
}

TEST_F(Forms, OfJpegWithEndlessScansAreRefused) {
  const std::string whole = picture_bytes("progressive.jpg");
  const std::size_t last = whole.rfind("\xFF\xDA");  // the last scan refines, and may be repeated
  const std::string scan = whole.substr(last, whole.size() - 2 - last);
  const auto with_scans = [&](int count) {
    std::string bytes = whole.substr(0, last);
    for (int i = 0; i < count; ++i) bytes += scan;
    return bytes + "\xFF\xD9";
  };
  EXPECT_NO_THROW(read(with_scans(1)));
  refused(with_scans(600), "it has more than 500 scans");
}

TEST_F(Forms, CutAnywhereAreRefused) {
  // What follows the pixels may be missing: white space, the end mark, tags.
  for (const auto& [name, rest] :
       {std::pair{"text.ppm", 2U}, std::pair{"bits.pbm", 0U}, std::pair{"rgb_100.ppm", 0U},
        std::pair{"grey_1000.pgm", 0U}, std::pair{"lossless.webp", 0U}, std::pair{"lossy.webp", 0U},
        std::pair{"alpha_lossy.webp", 0U}, std::pair{"plain.gif", 1U}, std::pair{"interlaced.gif", 1U}}) {
    const std::string whole = picture_bytes(name);
    EXPECT_FALSE(read(whole).more) << name;
    for (std::size_t length = 0; length + rest < whole.size(); ++length)
      EXPECT_THROW(read(whole.substr(0, length)), Error) << name << " cut to " << length << " of " << whole.size();
  }
}

TEST_F(Forms, OfSeveralPicturesTheFirstIsUsedAndTheOthersAreSaid) {
  for (const char* const name : {"animated.gif", "animated.webp", "animated.png", "pages.tif"})
    EXPECT_TRUE(read(picture_bytes(name)).more) << name;
  const std::string one = picture_bytes("rgb.ppm"), text = picture_bytes("text.pgm");
  EXPECT_TRUE(read(one + picture_bytes("grey.pgm")).more);
  EXPECT_EQ(read(one + picture_bytes("grey.pgm")).image.pixels, read(one).image.pixels);
  EXPECT_TRUE(read(text + text).more);
  EXPECT_FALSE(read(one + "\nwords").more);
  for (const char* const name : {"rgb.tif", "rgb.png", "rgb.jpg", "lossy.webp"})
    EXPECT_FALSE(read(picture_bytes(name)).more) << name;
}

TEST_F(Forms, AreTurnedAsPillowTurnsThem) {
  for (const char* const name : {"exif1.png", "exif2.png", "exif3.png", "exif4.png", "exif5.png", "exif6.png",
                                 "exif7.png", "exif8.png", "exif9.png", "exif6.jpg", "exif7.jpg", "exif8.webp"}) {
    const std::string bytes = picture_bytes(name);
    const Picture stored = read(bytes), turned = read(bytes, Orientation::exif);
    const int allowance = std::string_view(name).ends_with("jpg") ? 1 : 0;
    const auto expect_same = [&](const Image& got, const Image& expected) {
      ASSERT_EQ(got.width, expected.width) << name;
      ASSERT_EQ(got.pixels.size(), expected.pixels.size()) << name;
      for (std::size_t i = 0; i < got.pixels.size(); ++i)
        ASSERT_LE(std::abs(int(got.pixels[i]) - int(expected.pixels[i])), allowance) << name << " at " << i;
    };
    expect_same(stored.image, golden_picture(fmt::format("images/{}.npy", name)));
    expect_same(turned.image, golden_picture(fmt::format("images/{}.turned.npy", name)));
    EXPECT_EQ(stored.tagged, name[4] != '1' && name[4] != '9') << name;
  }
  EXPECT_EQ(read(picture_bytes("orientation6.tif"), Orientation::exif).image.pixels,
            read(picture_bytes("orientation6.tif")).image.pixels)
      << "a TIFF is not turned twice";
}

// Tags that end early, lie about their lengths or point elsewhere.
TEST_F(Forms, BrokenOrientationsAreNone) {
  const std::string jpeg = picture_bytes("exif6.jpg");
  const std::size_t exif = jpeg.find("Exif");
  ASSERT_NE(exif, std::string::npos);
  EXPECT_EQ(exif_orientation(jpeg), 6);
  for (std::size_t length = 0; length < exif + 50; ++length) EXPECT_GE(exif_orientation(jpeg.substr(0, length)), 1);
  for (std::size_t at = exif - 2; at < exif + 50; ++at)
    for (const char c : {'\0', '\1', '\x7F', '\xFF'}) {
      std::string bytes = jpeg;
      bytes[at] = c;
      const int orientation = exif_orientation(bytes);
      EXPECT_TRUE(orientation >= 1 && orientation <= 8) << at;
    }
  std::string wrong = jpeg;
  wrong[exif + 6] = 'X';  // neither II nor MM
  EXPECT_EQ(exif_orientation(wrong), 1);
}

}  // namespace
}  // namespace palimpsest::data
