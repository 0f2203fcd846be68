#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder_claim.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

int entries(const fs::path& folder) {
  return int(std::distance(fs::directory_iterator(folder), fs::directory_iterator{}));
}

TEST(Files, BytesComeBackAsWritten) {
  const TempFolder folder;
  const std::string bytes("a\0b\r\n\xff", 6);
  write_file(folder / "deep/er/file", bytes);
  EXPECT_EQ(read_file(folder / "deep/er/file"), bytes);
}

TEST(Files, ReadingWhatIsNotThereNamesIt) {
  const TempFolder folder;
  expect_error("absent.bin", [&] { read_file(folder / "absent.bin"); });
  expect_error(folder.path().string(), [&] { read_file(folder.path()); });
}

TEST(Files, AFileBeyondTheLimitIsRefused) {
  const TempFolder folder;
  write_file(folder / "big", std::string(100, 'x'));
  EXPECT_EQ(read_file(folder / "big", 100).size(), 100U);
  expect_error("big has 100 bytes", [&] { read_file(folder / "big", 99); });
}

TEST(Files, WithoutCommitTheOldFileStays) {
  const TempFolder folder;
  write_file(folder / "file", "old");
  {
    AtomicFile file(folder / "file");
    file.write("new, but not comm");
    EXPECT_EQ(read_file(folder / "file"), "old");
  }
  EXPECT_EQ(read_file(folder / "file"), "old");
  EXPECT_EQ(entries(folder.path()), 1) << "the temporary file is gone";
}

TEST(Files, CommitReplacesTheOldFileWhole) {
  const TempFolder folder;
  write_file(folder / "file", "a longer old text");
  AtomicFile file(folder / "file");
  file.write("ne");
  file.write("w");
  file.commit();
  EXPECT_EQ(read_file(folder / "file"), "new");
  EXPECT_EQ(entries(folder.path()), 1);
}

// --out /dev/null must not replace the device by a file, nor a link lose its target.
TEST(Files, LinksAndPipesStayWhatTheyAre) {
  const TempFolder folder;
  fs::create_symlink("target", folder / "link");
  write_file(folder / "link", "through the link");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target"), "through the link");

  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const int reader = ::open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  write_file(folder / "pipe", "through the pipe");
  char text[32] = {};
  EXPECT_EQ(::read(reader, text, sizeof text), 16);
  ::close(reader);
  EXPECT_STREQ(text, "through the pipe");
  EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
  EXPECT_EQ(entries(folder.path()), 3);
}

// Before an hour of work, not after it.
TEST(Files, AFolderInTheFilesPlaceIsNoticedAtOnce) {
  const TempFolder folder;
  fs::create_directory(folder / "out.json");
  expect_error("out.json: Is a directory", [&] { AtomicFile file(folder / "out.json"); });
}

TEST(Files, APipeIsReadUpToTheLimit) {
  expect_error("/dev/zero has more than the 1000 bytes", [] { read_file("/dev/zero", 1000); });
}

TEST(Files, TwoWritersOfOneNameDoNotMix) {
  const TempFolder folder;
  AtomicFile first(folder / "file"), second(folder / "file");
  first.write("first");
  second.write("second");
  second.commit();
  first.commit();
  EXPECT_EQ(read_file(folder / "file"), "first");
}

TEST(Files, AFileInThePlaceOfAFolderIsAnError) {
  const TempFolder folder;
  write_file(folder / "file", "");
  expect_error("file", [&] { create_folder(folder / "file"); });
  expect_error("file", [&] { write_file(folder / "file/inside", "x"); });
  expect_error(folder.path().string(), [&] { write_file(folder.path(), "x"); });
}

TEST(Files, FreeSpaceIsCheckedWithItsPurpose) {
  const TempFolder folder;
  EXPECT_NO_THROW(require_free_space(folder.path(), 1, "the cache"));
  expect_error("the cache needs", [&] { require_free_space(folder.path(), std::uint64_t{1} << 62, "the cache"); });
}

class JoinInside : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "set/images");
    write_file(folder_ / "secret.txt", "");
    write_file(folder_ / "set/images/a.png", "");
  }
  void refused(std::string_view name) {
    expect_error("list.csv names", [&] { join_inside(folder_ / "set", name, "list.csv"); });
  }
  fs::path joined(std::string_view name) { return join_inside(folder_ / "set", name, "list.csv"); }
  const TempFolder folder_;
};

TEST_F(JoinInside, NamesInsideAreJoined) {
  EXPECT_EQ(joined("images/a.png"), folder_ / "set/images/a.png");
  EXPECT_EQ(joined("images/not_there.png"), folder_ / "set/images/not_there.png");
  EXPECT_EQ(joined("./images/..a.png"), folder_ / "set/./images/..a.png") << "two dots within a name are harmless";
}

TEST_F(JoinInside, ClimbingOutIsRefused) {
  refused("../secret.txt");
  refused("images/../../secret.txt");
  refused("images/../a.png");
  refused("/etc/passwd");
  refused(std::string_view("images/a.png\0.txt", 17));
}

TEST_F(JoinInside, ALinkThatLeadsOutIsRefused) {
  fs::create_symlink("../secret.txt", folder_ / "set/link.txt");
  fs::create_directory_symlink("..", folder_ / "set/up");
  fs::create_directory_symlink("/", folder_ / "set/root");
  refused("link.txt");
  refused("up/secret.txt");
  refused("root/etc/passwd");
}

TEST_F(JoinInside, ALinkThatStaysInsideIsFollowed) {
  fs::create_directory_symlink("images", folder_ / "set/pictures");
  EXPECT_EQ(joined("pictures/a.png"), folder_ / "set/pictures/a.png");
}

TEST_F(JoinInside, AFolderReachedThroughALinkIsItself) {
  fs::create_directory_symlink(folder_ / "set", folder_ / "alias");
  EXPECT_NO_THROW(join_inside(folder_ / "alias", "images/a.png", "list.csv"));
  expect_error("list.csv", [&] { join_inside(folder_ / "alias", "../secret.txt", "list.csv"); });
}

TEST_F(JoinInside, AFolderWhoseNameOnlyBeginsAlikeIsOutside) {
  fs::create_directories(folder_ / "set2");
  fs::create_directory_symlink(folder_ / "set2", folder_ / "set/other");
  refused("other/x.png");
}

TEST(Temporaries, OnlyThoseThatAKilledProgramLeft) {
  const TempFolder folder;
  create_folder(folder / "below");
  for (const char* name : {"a.npy.tmp.123.4", "below/b.json.tmp.9.10", "a.npy", "notes.tmp.txt", "c.tmp.1"})
    write_unsynced(folder / name, "x");
  remove_temporaries(folder.path());
  EXPECT_FALSE(fs::exists(folder / "a.npy.tmp.123.4"));
  EXPECT_FALSE(fs::exists(folder / "below/b.json.tmp.9.10"));
  for (const char* name : {"a.npy", "notes.tmp.txt", "c.tmp.1"}) EXPECT_TRUE(fs::exists(folder / name)) << name;
}

TEST(FolderClaim, OneAtATime) {
  const TempFolder folder;
  {
    const FolderClaim claim(folder.path());
    expect_error("is being written by another running palimpsest", [&] { FolderClaim again(folder.path()); });
  }
  const FolderClaim free_again(folder.path());
  EXPECT_EQ(entries(folder.path()), 0) << "it leaves nothing behind";
}

TEST(FolderClaim, OneAtATimeByAFile) {
  const TempFolder folder;
  {
    const FolderClaim claim(folder.path(), "lock", "study");
    expect_error("being written by another running study", [&] { FolderClaim again(folder.path(), "lock", "study"); });
  }
  const FolderClaim free_again(folder.path(), "lock", "study");
  expect_error("cannot be written", [&] { FolderClaim nowhere(folder / "none", "lock", "study"); });
}

}  // namespace
}  // namespace palimpsest
