#include "base/npz.h"

#include "base/npy.h"
#include "base/random.h"
#include "tests/support/damaged.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

fs::path golden(const std::string& name) {
  return goldens() / "npz" / name;
}

NpyArray member(const std::string& archive, const std::string& name) {
  return read_npy(golden(archive + ".npz[" + name + "]"));
}

TEST(Npz, MembersAreReadAsNumpyWroteThem) {
  std::vector<float> x(24);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = float(i) / 4;
  for (const char* const archive : {"stored", "deflated", "zip64"}) {
    EXPECT_EQ(member(archive, "x").floats(), x) << archive;
    EXPECT_EQ(member(archive, "x").shape, (std::vector<std::int64_t>{2, 3, 2, 2})) << archive;
    EXPECT_EQ(member(archive, "y").integers(), (std::vector<std::int64_t>{1, 0})) << archive;
  }
  EXPECT_EQ(read_npy(golden("one.npz")).floats(), x) << "its only member needs no name";
  EXPECT_EQ(read_npy(golden("one.npz")).path.filename(), "one.npz[arr_0]");
  EXPECT_EQ(member("good_by_hand", "x").floats(), x) << "as the refused ones are made";
}

TEST(Npz, NamesWithBracketsAreMembersUnlessThereIsSuchAFile) {
  EXPECT_EQ(parse_array_name("a/D.npz[b/c]").file, "a/D.npz");
  EXPECT_EQ(parse_array_name("a/D.npz[b/c]").member, "b/c");
  EXPECT_EQ(parse_array_name("a[1].npy").file, "a[1].npy");
  EXPECT_EQ(parse_array_name("a[1].npy").member, "");
  const TempFolder folder;
  write_npy(folder / "D.npz[x]", std::vector<float>{7}, std::vector<std::int64_t>{1});
  EXPECT_EQ(read_npy(folder / "D.npz[x]").floats(), std::vector<float>{7});
}

TEST(Npz, AnArchiveThatIsReadIsNotOverwritten) {
  const TempFolder folder;
  write_unsynced(folder / "D.npz", "");
  expect_error_with({"--data and --logits name the same file"},
                    [&] { require_separate({{"--data", folder / "D.npz[x]"}}, {{"--logits", folder / "D.npz"}}); });
}

TEST(Npz, WhatIsMissingIsNamedWithWhatIsThere) {
  expect_error_with({"stored.npz has no array z; it has x, y"}, [] { member("stored", "z"); });
  expect_error_with({"others.npz has 3 arrays: x_train, y_train, x_test", "others.npz[x_train]"},
                    [] { read_npy(golden("others.npz")); });
  expect_error_with({"absent.npz is missing"}, [] { member("absent", "x"); });
}

TEST(Npz, WhatCannotBeRightIsRefused) {
  const auto refused = [](const std::string& name, const std::string& why) {
    expect_error_with({"refused_" + name + ".npz", why}, [&] { member("refused_" + name, "x"); });
  };
  refused("twice", "x.npy in it occurs twice");
  refused("bzip2", "x.npy in it is compressed by zip's method 12, not by deflate");
  refused("empty", "a zip archive without arrays");
  refused("text", "[x] is not a usable .npy file: it is a text file");
  refused("bomb", "x.npy in it claims 4000000000 bytes");
  refused("shape", "its shape (2, 3, 2, 2) and type do not match its 92 data bytes");
  refused("longer", "x.npy in it");
  refused("shorter", "x.npy in it");
  refused("crc", "x.npy in it is damaged (CRC error)");
  refused("stored_size", "x.npy in it claims 228 bytes, which its 224 stored bytes cannot hold");
  refused("encrypted", "x.npy in it is encrypted");
  refused("promise", "its shape (99999999999) and type do not match its 1000000 data bytes");
}

TEST(Npz, DamagedArchivesAreReadOrRefused) {
  const TempFolder folder;
  int refused = 0;
  for (const char* const name : {"stored.npz", "deflated.npz", "zip64.npz"}) {
    const std::string whole = read_file(golden(name));
    for (std::uint32_t trial = 0; trial < 400; ++trial) {
      Random random(4, Purpose::test, 0, trial);
      write_unsynced(folder / "x.npz", damaged(whole, random));
      try {
        EXPECT_EQ(read_npy(folder / "x.npz[x]").count() * 4, std::int64_t(read_npy(folder / "x.npz[x]").bytes.size()));
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 300);
}

TEST(Npz, EveryCutIsRefused) {
  const TempFolder folder;
  const std::string whole = read_file(golden("deflated.npz"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_unsynced(folder / "x.npz", whole.substr(0, length));
    EXPECT_THROW(read_npy(folder / "x.npz[x]"), Error) << length;
  }
}

}  // namespace
}  // namespace palimpsest
