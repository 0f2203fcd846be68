// Files damaged at random: reading them gives a result or an Error, never a crash (checked by the sanitizer builds)
// and never a picture of impossible size.
#include "base/progress.h"
#include "data/arrays.h"
#include "data/read_picture.h"
#include "data/readers.h"
#include "tests/data/scratch.h"
#include "tests/support/damaged.h"

namespace palimpsest::data {
namespace {

class DamagedPicture : public testing::TestWithParam<const char*> {};

TEST_P(DamagedPicture, IsAPictureOrAnError) {
  const Scratch scratch;
  const std::string whole = picture_bytes(GetParam());
  int read = 0, refused = 0;
  for (std::uint32_t trial = 0; trial < 400; ++trial) {
    Random random(1, Purpose::test, 0, trial);
    scratch.file("picture", damaged(whole, random));
    try {
      const Image image = read_picture(scratch / "picture", Orientation::exif).image;
      ASSERT_GE(image.width, 1);
      ASSERT_GE(image.height, 1);
      ASSERT_EQ(image.pixels.size(), std::size_t(3) * std::size_t(image.width) * std::size_t(image.height));
      ++read;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 50) << read << " were read";
}

INSTANTIATE_TEST_SUITE_P(EveryForm, DamagedPicture,
                         testing::Values("rgb.jpg", "progressive.jpg", "cmyk.jpg", "rgb.png", "palette.png",
                                         "grey16.png", "rgb.bmp", "top_down.bmp", "palette_1bit.bmp", "os2_palette.bmp",
                                         "rle8.bmp", "rle4.bmp", "565.bmp", "rgb.tif", "lzw.tif", "grey16.tif",
                                         "alpha_associated.tif", "orientation6.tif", "text.ppm", "bits.pbm",
                                         "rgb_64000.ppm", "lossless.webp", "alpha_lossy.webp", "animated.webp",
                                         "interlaced.gif", "within.gif", "animated.gif", "exif6.jpg", "exif6.png",
                                         "exif8.webp"),
                         [](const auto& test) {
                           std::string name = test.param;
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

TEST(DamagedArrays, AreArraysOrAnError) {
  const Scratch scratch;
  write_npy(scratch / "good.npy", std::vector<float>(2 * 3 * 4 * 4, 0.5F), std::vector<std::int64_t>{2, 3, 4, 4});
  const std::string whole = read_file(scratch / "good.npy");
  for (std::uint32_t trial = 0; trial < 1000; ++trial) {
    Random random(2, Purpose::test, 0, trial);
    scratch.file("x.npy", damaged(whole, random));
    try {
      EXPECT_GE(read_arrays(parse_source("arrays:" + (scratch / "x.npy").string()))->count(), 1);
    } catch (const Error&) {
    }
  }
}

TEST(DamagedLists, AreReadOrRefused) {
  const Scratch set;
  const std::string list =
      "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n"
      "1/a.jpg,0,0,5,5,1;2,3,0.5,0.5\n\"1/a.jpg\",0,0,5,5,,0,0,0\n1/a.jpg,0,0,5,5,,1,0,0\n";
  set.file("Manually_Annotated_Images/1/a.jpg", picture_bytes("rgb.jpg"));
  set.file("Manually_Annotated_file_lists/validation.csv", list);
  Progress::silence(true);  // remarks about oddities in the lists
  int read = 0;
  for (std::uint32_t trial = 0; trial < 500; ++trial) {
    Random random(3, Purpose::test, 0, trial);
    set.file("Manually_Annotated_file_lists/training.csv", damaged(list, random));
    try {
      read += read_affectnet(set.path()).training.samples.empty() ? 0 : 1;
    } catch (const Error&) {
    }
  }
  Progress::silence(false);
  EXPECT_GT(read, 50);
}

}  // namespace
}  // namespace palimpsest::data
