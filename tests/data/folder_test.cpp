#include <sys/stat.h>

#include <algorithm>

#include "tests/data/sets.h"

namespace palimpsest::data {
namespace {

struct Folder : testing::Test {
  Dataset read() const { return read_folder(set.path()); }
  void pictures(const std::vector<std::string>& names) const {
    for (const auto& name : names) set.file(name, picture_bytes());
  }
  Scratch set;
};

TEST_F(Folder, HasAClassPerFolderInOrderOfTheirNames) {
  pictures({"b/2.PNG", "b/1.jpg", "a/deep/3.bmp", ".hidden/4.png"});
  const auto all = read();
  EXPECT_EQ(all.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(ids(all), (std::vector<std::string>{"a/deep/3.bmp", "b/1.jpg", "b/2.PNG"}));
  EXPECT_EQ(class_counts(all), (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(all.skipped.empty());
}

TEST_F(Folder, TakesEveryNameOfTheFormsThatAreRead) {
  pictures({"a/1.jpg", "a/2.JPEG", "a/3.jpe", "a/4.jfif", "a/5.JFIF", "a/6.png", "a/7.bmp", "a/8.tif", "a/9.TIFF",
            "a/10.webp", "a/11.gif", "a/12.PNM", "a/13.ppm", "a/14.pgm", "a/15.pbm"});
  EXPECT_EQ(read().samples.size(), 15U);
}

TEST_F(Folder, ListsEveryFileThatIsNotRead) {
  pictures({"a/1.png", "a/renamed.txt", "a/renamed", "a/wrong.avif", "a/._1.png", "a/.2.png", "b/2.png", "loose.png",
            "__MACOSX/a/3.png"});
  for (const char* const name : {"pam", "pfm", "avif", "heic", "jxl", "jp2", "jxr", "svg", "psd"})
    set.file(fmt::format("a/x.{}", name), "\x01");
  set.file("a/real.avif", std::string("\0\0\0\x20"
                                      "ftypavif\0\0\0\0",
                                      16));
  set.file("a/notes.txt", "words");
  set.file("a/.DS_Store", "x");
  set.file("b/archive.zip", "PK\x03\x04");
  fs::create_symlink("nowhere.png", set / "b/dangling.png");
  fs::create_directory_symlink(set / "a", set / "b/again");
  ASSERT_EQ(::mkfifo((set / "b/pipe.png").c_str(), 0600), 0);
  const auto all = read();
  EXPECT_EQ(ids(all), (std::vector<std::string>{"a/1.png", "b/2.png"}));
  EXPECT_EQ(all.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(all.skipped.size(), 20U);
  EXPECT_TRUE(lists(all, "a/x.avif", "AVIF pictures are not read: convert it to PNG or JPEG"));
  EXPECT_TRUE(lists(all, "a/x.pam", "PAM pictures are not read"));
  EXPECT_TRUE(lists(all, "a/x.jp2", "JPEG 2000 pictures are not read"));
  EXPECT_TRUE(lists(all, "a/real.avif", "it is an AVIF picture, which is not read: convert it"));
  EXPECT_TRUE(lists(all, "a/wrong.avif", "it is a PNG picture, but has another extension: rename it"));
  EXPECT_TRUE(lists(all, "a/renamed", "it is a PNG picture"));
  EXPECT_TRUE(lists(all, "a/renamed.txt", "it is a PNG picture"));
  EXPECT_TRUE(lists(all, "a/notes.txt", "it is not a picture"));
  EXPECT_TRUE(lists(all, "a/.2.png", "hidden"));
  EXPECT_TRUE(lists(all, "b/archive.zip", "a zip archive"));
  EXPECT_TRUE(lists(all, "b/dangling.png", "dangling symbolic link"));
  EXPECT_TRUE(lists(all, "b/again", "not followed"));
  EXPECT_TRUE(lists(all, "b/pipe.png", "neither a file nor a folder"));
  EXPECT_TRUE(lists(all, "loose.png", "beside the class folders"));
}

TEST_F(Folder, NamesPicturesThatAreLeftOutBeforeOtherFiles) {
  pictures({"a/1.png"});
  set.file("a/Thumbs.db", "x");
  set.file("a/x.avif", "\x01");
  EXPECT_EQ(read().skipped.at(0).id, "a/x.avif");
}

TEST_F(Folder, FollowsLinksThatAreClasses) {
  Scratch elsewhere;
  elsewhere.file("1.png", picture_bytes());
  pictures({"a/1.png"});
  fs::create_directory_symlink(elsewhere.path(), set / "b");
  EXPECT_EQ(ids(read()), (std::vector<std::string>{"a/1.png", "b/1.png"}));
}

TEST_F(Folder, OfPicturesAloneHasNoLabels) {
  pictures({"2.png", "1.png"});
  set.file("notes/readme.txt", "words");
  const auto all = read();
  EXPECT_TRUE(all.classes.empty());
  EXPECT_EQ(ids(all), (std::vector<std::string>{"1.png", "2.png"}));
  EXPECT_EQ(all.samples[0].label, -1);
  EXPECT_TRUE(lists(all, "notes/readme.txt", "not a picture"));
}

TEST_F(Folder, OneFolderIsOneClass) {
  pictures({"unknown/1.png"});
  EXPECT_EQ(read().classes, std::vector<std::string>{"unknown"});
}

TEST_F(Folder, WithoutPicturesIsRefusedAndSaysWhatIsThere) {
  fs::create_directories(set / "b");
  expect_error_with({"/b has no picture: it is empty"}, [&] { read(); });
  pictures({"a/1.png"});
  const auto of_b = [&] {
    const Dataset read_set = read();
    EXPECT_EQ(read_set.classes, (std::vector<std::string>{"a", "b"}));
    expect_error_with({"no picture of class b (b: the class folder"},
                      [&] { require_every_class(read_set, "training part"); });
    return std::ranges::find(read_set.skipped, "b", &Skipped::id)->reason;
  };
  EXPECT_EQ(of_b(), "the class folder has no picture: it is empty");
  set.file("b/readme.txt", "words");
  EXPECT_EQ(of_b(),
            "the class folder has no picture: it holds 1 .txt file, for instance b/readme.txt (it is not a picture)");
  for (const char* const name : {"b/1.avif", "b/2.avif", "b/in/3.avif"}) set.file(name, "\x01");
  EXPECT_THAT(of_b(), testing::HasSubstr("it holds 3 .avif files, for instance b/1.avif (AVIF pictures are"));
  expect_error_with({"/b/in has no picture"}, [&] { read_folder(set / "b"); });
  expect_error_with({"/b/in has no picture: it holds 1 .avif file", "put pictures"},
                    [&] { read_folder(set / "b/in"); });
  fs::create_directories(set / "empty");
  expect_error_with({"/empty contains neither folders nor pictures"}, [&] { read_folder(set / "empty"); });
  expect_error_with({"/d", "does not exist"}, [&] { read_folder(set / "d"); });
}

TEST_F(Folder, PartsOfASetAreNotClasses) {
  pictures({"train/happy/1.png", "train/sad/1.png", "Test/happy/1.png", "Test/sad/1.png"});
  expect_error_with({"are parts of a set, not classes", "happy, sad", "/Test"}, [&] { read(); });
  EXPECT_EQ(read_folder(set / "train").classes, (std::vector<std::string>{"happy", "sad"}));
  pictures({"other/1.png"});
  EXPECT_EQ(read().classes.size(), 3U);
}

}  // namespace
}  // namespace palimpsest::data
