#include <cmath>

#include "base/random.h"
#include "tests/data/scratch.h"

namespace palimpsest::data {
namespace {

Image noisy(int width, int height, bool grey) {
  Image image(width, height);
  Random random(1, Purpose::test);
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    for (std::size_t c = 0; c < 3; ++c)
      image.pixels[i + c] = grey && c > 0 ? image.pixels[i] : std::uint8_t(random.below(256));
  return image;
}

TEST(WritePng, GivesBackEveryPixel) {
  const Scratch folder;
  for (bool grey : {false, true}) {
    const Image image = noisy(37, 21, grey);
    write_png(folder / "a.png", image);
    const Image back = read_image(folder / "a.png");
    EXPECT_EQ(back.width, 37);
    EXPECT_EQ(back.height, 21);
    EXPECT_EQ(back.pixels, image.pixels);
    constexpr std::size_t colour_type = 25;  // in the header chunk: 0 grey, 2 RGB
    EXPECT_EQ(read_file(folder / "a.png")[colour_type], grey ? 0 : 2);
  }
}

TEST(WriteJpeg, TheSamePixelsGiveTheSameBytes) {
  const Scratch folder;
  Image image(64, 48);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 64; ++x) {
      image.at(x, y)[0] = std::uint8_t(4 * x);
      image.at(x, y)[1] = std::uint8_t(5 * y);
      image.at(x, y)[2] = 128;
    }
  write_jpeg(folder / "a.jpg", image, 90);
  write_jpeg(folder / "b.jpg", image, 90);
  EXPECT_EQ(read_file(folder / "a.jpg"), read_file(folder / "b.jpg"));
  const Image back = read_image(folder / "a.jpg");
  double error = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) error += std::abs(double(back.pixels[i]) - image.pixels[i]);
  EXPECT_LT(error / double(image.pixels.size()), 2);
}

TEST(WriteImages, NamesAPathThatCannotBeWritten) {
  const Scratch folder;
  folder.file("file", "");
  const Image image(2, 2);
  expect_error_with({"file"}, [&] { write_png(folder / "file" / "a.png", image); });
  expect_error_with({"file"}, [&] { write_jpeg(folder / "file" / "a.jpg", image, 90); });
}

}  // namespace
}  // namespace palimpsest::data
