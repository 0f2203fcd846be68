#include "data/pictures.h"

#include "data/picture_cache.h"
#include "data/readers.h"
#include "tests/data/scratch.h"
#include "tests/support/remarks.h"

namespace palimpsest::data {
namespace {

struct PictureSet : testing::Test {
  PictureSet() {
    for (const char* const name : {"rgb.jpg", "grey.png", "cmyk.jpg", "lzw.tif", "rgb.bmp"})
      set.file("data/a/" + std::string(name), picture_bytes(name));
    set.file("data/b/broken.jpg", picture_bytes("rgb.jpg").substr(0, 300));
    set.file("data/b/good.png", picture_bytes());
    options.size = 8;
  }
  Dataset read() { return read_folder(set / "data"); }
  fs::path cache_file() {
    for (const auto& entry : fs::directory_iterator(set / "cache")) return entry.path();
    return {};
  }
  static std::vector<std::uint8_t> bytes(const Pictures& pictures) {
    return {pictures.pixels(0), pictures.pixels(0) + pictures.count() * 3 * pictures.height() * pictures.width()};
  }
  Scratch set;
  PictureOptions options;
};

TEST_F(PictureSet, BrokenPicturesAreSkippedAndListed) {
  const auto pictures = load_pictures(read(), options);
  EXPECT_EQ(pictures->count(), 6);
  ASSERT_EQ(pictures->dataset().skipped.size(), 1U);
  EXPECT_EQ(pictures->dataset().skipped[0].id, "b/broken.jpg");
  EXPECT_THAT(pictures->dataset().skipped[0].reason, testing::HasSubstr("broken.jpg"));
  EXPECT_EQ(pictures->id(5), "b/good.png");
  EXPECT_EQ(pictures->label(5), 1);
  EXPECT_EQ(pictures->count_cropped(Crop::none), 6);
  const Image expected = crop_and_resize(read_image(set / "data/b/good.png"), {0, 0, 20, 12}, 8, 8);
  EXPECT_EQ(pictures->image(5).pixels, expected.pixels);
  EXPECT_EQ(pictures->crop(5).box.right, 20);
}

TEST_F(PictureSet, PicturesCroppedOtherwiseThanAskedAreCounted) {
  Dataset data = read();
  EXPECT_EQ(remarks_of([&] { load_pictures(data, options); }), "") << "a folder has whole pictures only";
  data.samples[0].face = Box{1, 1, 9, 9};
  data.samples[1].face = Box{9000, 1, 9009, 9};
  const std::string remarks = remarks_of([&] { load_pictures(data, options); });
  EXPECT_THAT(remarks, testing::HasSubstr("1 picture has no usable landmarks and is cropped to the face box"));
  EXPECT_THAT(remarks, testing::HasSubstr("5 pictures have no usable landmarks or face box and are used whole"));
  options.crop.crop = Crop::none;
  EXPECT_EQ(remarks_of([&] { load_pictures(data, options); }), "");
}

TEST_F(PictureSet, OrientationsThatAreNotAppliedAreCountedOnceAndWithTheOptionApplied) {
  for (const char* const name : {"exif1.png", "exif6.png", "exif6.jpg"})
    set.file("data/b/" + std::string(name), picture_bytes(name));
  const auto names_both =
      testing::HasSubstr("2 pictures have an EXIF orientation, which is not applied; --orientation exif turns them\n");
  EXPECT_THAT(remarks_of([&] { load_pictures(read(), options); }), names_both);
  options.cache_folder = set / "cache";
  Dataset data = read();
  for (const char* const name : {"new cache", "same cache"}) {
    data.name = "folder:" + std::string(name);  // a line is printed once in a run
    std::shared_ptr<const Pictures> pictures;
    EXPECT_THAT(remarks_of([&] { pictures = load_pictures(data, options); }), names_both) << name;
    EXPECT_EQ(pictures->crop(5).box.right, 9) << "9 x 5 as stored";
  }
  options.orientation = Orientation::exif;
  data.name = "folder:turned";
  std::shared_ptr<const Pictures> turned;
  EXPECT_EQ(remarks_of([&] { turned = load_pictures(data, options); }), "");
  EXPECT_EQ(turned->id(6), "b/exif6.jpg");
  EXPECT_EQ(turned->crop(6).box.right, 5);
  EXPECT_EQ(turned->crop(6).box.bottom, 9);
  const Image expected = golden_picture("images/exif6.png.turned.npy");
  EXPECT_EQ(turned->id(7), "b/exif6.png");
  EXPECT_EQ(turned->image(7).pixels, crop_and_resize(expected, {0, 0, 5, 9}, 8, 8).pixels);
  EXPECT_EQ(std::distance(fs::directory_iterator(set / "cache"), {}), 2) << "one file for each choice";
}

TEST_F(PictureSet, FramesThatAreNotUsedAreSaid) {
  set.file("data/b/moves.gif", picture_bytes("animated.gif"));
  EXPECT_THAT(
      remarks_of([&] { load_pictures(read(), options); }),
      testing::HasSubstr("1 picture has more than one frame or page in the file, of which the first is used\n"));
}

TEST_F(PictureSet, AnyNumberOfThreadsGivesTheSame) {
  const auto one = load_pictures(read(), options);
  options.threads = 3;
  EXPECT_EQ(bytes(*load_pictures(read(), options)), bytes(*one));
}

TEST_F(PictureSet, TheCacheGivesTheSameAsMemory) {
  const auto memory = load_pictures(read(), options);
  options.cache_folder = set / "cache";
  for (int time = 0; time < 2; ++time) {
    const auto cached = load_pictures(read(), options);
    EXPECT_EQ(bytes(*cached), bytes(*memory));
    EXPECT_EQ(cached->dataset().skipped.at(0).reason, memory->dataset().skipped.at(0).reason);
    EXPECT_EQ(cached->crop(0).box.bottom, memory->crop(0).box.bottom);
  }
  options.size = 9;
  EXPECT_EQ(load_pictures(read(), options)->height(), 9);
  EXPECT_EQ(std::distance(fs::directory_iterator(set / "cache"), {}), 2) << "one file per size";
}

TEST_F(PictureSet, EveryWayToCutTheBottomHasItsOwnCache) {
  options.cache_folder = set / "cache";
  const Image whole = load_pictures(read(), options)->image(5);
  options.crop.bottom_cut = BottomCut::blank;
  const Image blanked = load_pictures(read(), options)->image(5);
  options.crop.bottom_cut = BottomCut::stretch;
  const Image stretched = load_pictures(read(), options)->image(5);
  EXPECT_EQ(std::distance(fs::directory_iterator(set / "cache"), {}), 3);
  EXPECT_EQ(stretched.pixels, crop_and_resize(read_image(set / "data/b/good.png"), {0, 0, 20, 7.2}, 8, 8).pixels);
  EXPECT_TRUE(std::equal(blanked.at(0, 0), blanked.at(0, 4), whole.at(0, 0))) << "above the line, row 4.8";
  for (int c = 0; c < 3; ++c) EXPECT_EQ(blanked.at(3, 7)[c], blank_colour[std::size_t(c)]);
}

TEST_F(PictureSet, TheCacheIsReadAndNotTheSet) {
  options.cache_folder = set / "cache";
  load_pictures(read(), options);
  const auto time = fs::last_write_time(cache_file());
  const auto dataset = read();
  load_pictures(dataset, options);
  EXPECT_EQ(fs::last_write_time(cache_file()), time);
}

TEST_F(PictureSet, AChangedPictureMakesTheCacheStale) {
  options.cache_folder = set / "cache";
  EXPECT_EQ(load_pictures(read(), options)->count(), 6);
  set.file("data/b/broken.jpg", picture_bytes("rgb.jpg"));
  EXPECT_EQ(load_pictures(read(), options)->count(), 7);
  EXPECT_EQ(std::distance(fs::directory_iterator(set / "cache"), {}), 1) << "the stale file is replaced";
}

TEST_F(PictureSet, ADamagedCacheIsMadeAgain) {
  options.cache_folder = set / "cache";
  const auto good = bytes(*load_pictures(read(), options));
  const std::string whole = read_file(cache_file());
  testing::internal::CaptureStderr();
  std::string bad = whole;
  bad[100] = char(bad[100] ^ 4);
  for (const std::string& contents : {bad, whole.substr(0, whole.size() / 2), std::string()}) {
    write_unsynced(cache_file(), contents);
    EXPECT_EQ(bytes(*load_pictures(read(), options)), good);
    EXPECT_EQ(read_file(cache_file()), whole);
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("is damaged"));
}

TEST_F(PictureSet, EveryDamagedByteOfTheCacheIsNoticed) {
  options.cache_folder = set / "cache";
  load_pictures(read(), options);
  const auto dataset = read();
  const auto key = cache_key(dataset, options);
  const std::string whole = read_file(cache_file());
  const auto opens = [&](const std::string& contents) {
    set.file("copy", contents);
    std::string damage;
    return open_cache(set / "copy", key, dataset.samples.size(), options.size, damage).has_value();
  };
  EXPECT_TRUE(opens(whole));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = char(bad[at] ^ (1 << (at % 8)));
    EXPECT_FALSE(opens(bad)) << at;
  }
  for (std::size_t length = 0; length < whole.size(); length += 7)
    EXPECT_FALSE(opens(whole.substr(0, length))) << length;
}

TEST_F(PictureSet, ErrorsAreNamed) {
  fs::remove_all(set / "data/a");
  fs::remove(set / "data/b/good.png");
  expect_error_with({"no picture", "broken.jpg"}, [&] { load_pictures(read(), options); });
  options.size = 0;
  expect_error_with({"size 0"}, [&] { load_pictures(read(), options); });
  options.size = 8;
  set.file("file", "");
  set.file("data/b/good.png", picture_bytes());
  options.cache_folder = set / "file";
  expect_error_with({"/file"}, [&] { load_pictures(read(), options); });
}

}  // namespace
}  // namespace palimpsest::data
