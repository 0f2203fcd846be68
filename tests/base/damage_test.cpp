// Files damaged at random: reading gives a result or an Error that names the file, never a crash (checked by the
// sanitizer builds), never another exception.
#include "base/csv.h"
#include "base/npy.h"
#include "base/safetensors.h"
#include "tests/support/damaged.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

struct Tally {
  int read = 0, refused = 0;
};

// Reads `trials` damaged copies of `whole`.
template <typename Read>
Tally read_damaged(const std::string& whole, std::uint32_t trials, const Read& read) {
  const TempFolder folder;
  Tally tally;
  for (std::uint32_t trial = 0; trial < trials; ++trial) {
    Random random(11, Purpose::test, 0, trial);
    const fs::path file = folder / "damaged";
    fs::remove(file);
    write_unsynced(file, damaged(whole, random));
    try {
      read(file);
      ++tally.read;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("damaged")) << "trial " << trial;
      EXPECT_FALSE(error.remedy().empty()) << error.what();
      ++tally.refused;
    }
  }
  return tally;
}

class DamagedNpy : public testing::TestWithParam<const char*> {};

TEST_P(DamagedNpy, IsAnArrayOrAnError) {
  const std::string whole = read_file(goldens() / "npy" / (std::string(GetParam()) + ".npy"));
  const Tally tally = read_damaged(whole, 1500, [](const fs::path& file) {
    const NpyArray array = read_npy(file);
    ASSERT_EQ(array.bytes.size(), std::size_t(array.count()) * std::size_t(array.item_size));
    if (array.kind == 'U') {
      if (array.count() == 1) static_cast<void>(array.number());
      return;
    }
    EXPECT_EQ(array.floats().size(), std::size_t(array.count()));
    static_cast<void>(array.integers());
  });
  EXPECT_GT(tally.refused, 300) << tally.read << " were read";
}
INSTANTIATE_TEST_SUITE_P(EveryForm, DamagedNpy,
                         testing::Values("f4", "f8", "u8", "i2", "bool", "fortran", "version2", "scalar", "text_digit"),
                         [](const auto& test) { return std::string(test.param); });

TEST(DamagedSafetensors, AreTensorsOrAnError) {
  const std::string whole = read_file(goldens() / "safetensors/types.safetensors");
  const Tally tally = read_damaged(whole, 4000, [](const fs::path& path) {
    const SafetensorsFile file(path);
    for (const auto& name : file.names()) {
      if (file.info(name).dtype.starts_with("F8")) continue;
      EXPECT_EQ(file.read_floats(name).size(), std::size_t(file.info(name).count()));
    }
  });
  EXPECT_GT(tally.refused, 1000) << tally.read << " were read";
  EXPECT_GT(tally.read, 100);
}

TEST(DamagedCsv, IsATableOrAnError) {
  const std::string whole = "id,label,text\r\n\"a,1\",0,\"said \"\"no\"\"\"\nb,1,\nc,2,\"two\nlines\"\n";
  const Tally tally = read_damaged(whole, 4000, [](const fs::path& path) {
    const Csv csv = read_csv(path);
    for (const auto& row : csv.rows) EXPECT_EQ(row.size(), csv.header.size());
  });
  EXPECT_GT(tally.refused, 500) << tally.read << " were read";
  EXPECT_GT(tally.read, 100);
}

}  // namespace
}  // namespace palimpsest
