#include "base/npy.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace palimpsest {
namespace {

TEST(Npy, FloatsComeBackAsWritten) {
  const auto path = fs::path(testing::TempDir()) / "floats.npy";
  const std::vector<float> values{1, -2.5F, 3e-30F, 4, 5, 6};
  const std::vector<std::int64_t> shape{2, 3};
  write_npy(path, std::span(values), shape);
  const auto array = read_npy(path);
  EXPECT_EQ(array.shape, shape);
  EXPECT_EQ(array.floats(), values);
  EXPECT_EQ(fs::file_size(path) % 64, 24U) << "numpy aligns the data to 64 bytes";
}

TEST(Npy, ACutFileIsRefusedByName) {
  const auto path = fs::path(testing::TempDir()) / "cut.npy";
  write_npy(path, std::vector<float>(100), std::vector<std::int64_t>{100});
  write_file(path, read_file(path).substr(0, 200));
  try {
    read_npy(path);
    FAIL() << "a cut file was read";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("cut.npy"), std::string::npos);
    EXPECT_FALSE(error.remedy().empty());
  }
}

}  // namespace
}  // namespace palimpsest
