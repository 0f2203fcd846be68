#include "data/crop.h"

#include <cmath>

#include "data/augment.h"
#include "tests/data/scratch.h"

namespace palimpsest::data {
namespace {

TEST(CropAndResize, EqualsPillowWithinOneLevel) {
  const Image picture = golden_picture("pillow_resize/picture.npy");
  const auto boxes = read_npy(golden("pillow_resize/boxes.npy"));
  const auto numbers = boxes.floats();
  for (std::size_t i = 0; i < std::size_t(boxes.shape[0]); ++i) {
    const float* const b = &numbers[6 * i];
    const Image got = crop_and_resize(picture, {b[0], b[1], b[2], b[3]}, int(b[4]), int(b[5]));
    const Image expected = golden_picture(fmt::format("pillow_resize/case_{}.npy", i));
    ASSERT_EQ(got.pixels.size(), expected.pixels.size());
    int worst = 0;
    for (std::size_t p = 0; p < got.pixels.size(); ++p)
      worst = std::max(worst, std::abs(int(got.pixels[p]) - int(expected.pixels[p])));
    EXPECT_LE(worst, 1) << "case " << i;
  }
}

TEST(CropAndResize, TheWholePictureAtItsOwnSizeStaysAsItIs) {
  const Image picture = golden_picture("pillow_resize/picture.npy");
  EXPECT_EQ(crop_and_resize(picture, {0, 0, 40, 30}, 40, 30).pixels, picture.pixels);
}

TEST(CropAndResize, OutsideThePictureTheEdgeIsRepeated) {
  Image picture(2, 2);
  picture.pixels = {10, 10, 10, 200, 200, 200, 10, 10, 10, 200, 200, 200};
  for (const Box box : {Box{50, 0, 60, 2}, Box{1e9, -1e9, 2e9, 1e9}}) {
    const Image right = crop_and_resize(picture, box, 3, 3);
    for (const auto p : right.pixels) EXPECT_EQ(p, 200);
  }
}

Sample face_with_landmarks() {
  Sample sample;
  for (int i = 0; i < 68; ++i) sample.landmarks.push_back({100.0 + i, 60.0 + i % 21});  // 67 wide, 20 high
  sample.landmarks[33] = {130, 70};
  sample.face = Box{-10, 20, 90, 130};
  return sample;
}

TEST(CropBox, IsASquareRoundTheLandmarksWithAMargin) {
  const auto [box, used] = crop_box(face_with_landmarks(), 640, 480, {Crop::landmarks, 0.25});
  EXPECT_EQ(used, Crop::landmarks);
  EXPECT_DOUBLE_EQ(box.right - box.left, 67 * 1.5);
  EXPECT_DOUBLE_EQ(box.bottom - box.top, 67 * 1.5);
  EXPECT_DOUBLE_EQ((box.left + box.right) / 2, 133.5);
  EXPECT_DOUBLE_EQ((box.top + box.bottom) / 2, 70);
}

TEST(CropBox, FallsBackToTheFaceBoxClippedAndThenToThePicture) {
  Sample sample = face_with_landmarks();
  sample.landmarks.clear();
  const auto boxed = crop_box(sample, 80, 120, {Crop::landmarks, 0.25});
  EXPECT_EQ(boxed.used, Crop::box);
  EXPECT_EQ(boxed.box.left, 0);
  EXPECT_EQ(boxed.box.top, 20);
  EXPECT_EQ(boxed.box.right, 80);
  EXPECT_EQ(boxed.box.bottom, 120);
  sample.face = Box{500, 20, 600, 130};  // beside the picture
  const auto whole = crop_box(sample, 80, 120, {Crop::box, 0.25});
  EXPECT_EQ(whole.used, Crop::none);
  EXPECT_EQ(whole.box.right, 80);
  EXPECT_EQ(crop_box(face_with_landmarks(), 640, 480, {Crop::none, 0.25}).used, Crop::none);
}

TEST(CropBox, LandmarksOfAnotherPictureAreNotUsed) {
  const auto cropped = crop_box(face_with_landmarks(), 90, 90, {Crop::landmarks, 0.25});
  EXPECT_EQ(cropped.used, Crop::box);
}

TEST(CropBox, TheBottomIsCutAtTheBaseOfTheNose) {
  const CropOptions stretched{Crop::landmarks, 0.25, BottomCut::stretch};
  const auto cut = crop_box(face_with_landmarks(), 640, 480, stretched);
  EXPECT_EQ(cut.box.bottom, 70);
  const auto upper = crop_box({}, 100, 200, stretched);
  EXPECT_DOUBLE_EQ(upper.box.bottom, 120);
  EXPECT_EQ(upper.box.right, 100);
}

TEST(CropBox, ABlankedBottomLeavesTheCropAsItIs) {
  const Sample face = face_with_landmarks();
  const Box whole = crop_box(face, 640, 480, {Crop::landmarks, 0.25}).box;
  const Box blanked = crop_box(face, 640, 480, {Crop::landmarks, 0.25, BottomCut::blank}).box;
  EXPECT_EQ(blanked.bottom, whole.bottom);
  EXPECT_EQ(cut_line(face, whole, 640, 480), 70);
  Sample implausible = face;
  implausible.landmarks[33].y = whole.top + 1;
  EXPECT_DOUBLE_EQ(cut_line(implausible, whole, 640, 480), whole.top + 0.6 * (whole.bottom - whole.top));
}

TEST(BlankBelow, PaintsEveryPixelThatReachesBelowTheLine) {
  for (const auto& [line, kept] : {std::pair{2.0, 2}, {2.5, 2}, {-3.0, 0}, {9.0, 4}}) {
    Image image(3, 4);
    std::fill(image.pixels.begin(), image.pixels.end(), 7);
    blank_below(image, line);
    for (int y = 0; y < 4; ++y)
      for (int c = 0; c < 9; ++c)
        EXPECT_EQ(image.at(0, y)[c], y < kept ? 7 : blank_colour[std::size_t(c % 3)]) << line << " " << y;
  }
}

// What the network sees there is what its convolutions are padded with.
TEST(BlankBelow, ItsColourIsNearlyZeroAfterNormalisation) {
  for (const Normalisation& normalisation : {Normalisation::torchvision(), Normalisation::caffe()}) {
    float seen[3];
    transform_picture(blank_colour.data(), 1, 1, {}, normalisation, seen);
    for (std::size_t c = 0; c < 3; ++c) EXPECT_LT(std::abs(seen[c]), normalisation.scale[c]) << "one grey level";
  }
}

}  // namespace
}  // namespace palimpsest::data
