#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/npy.h"
#include "data/image.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {

// A folder for the running test only, in which small files are created with their parents.
class Scratch : public TempFolder {
 public:
  void file(const std::string& name, std::string_view bytes) const {
    fs::create_directories((path() / name).parent_path());
    fs::remove(path() / name);  // truncating and rewriting a file makes ext4 wait for the disk
    write_unsynced(path() / name, bytes);
  }
};

inline fs::path golden(const std::string& name) {
  return fs::path(GOLDENS_FOLDER) / name;
}

inline std::string picture_bytes(const std::string& name = "rgb.png") {
  return read_file(golden("images/" + name));
}

// The golden picture that an array file holds, uint8 H x W x 3.
inline Image golden_picture(const std::string& name) {
  const auto array = read_npy(golden(name));
  Image image(int(array.shape.at(1)), int(array.shape.at(0)));
  image.pixels.assign(array.bytes.begin(), array.bytes.end());
  return image;
}

// Runs `action`, which must throw Error; every text must occur in its message or its remedy.
template <typename Action>
void expect_error(const Action& action, const std::vector<std::string>& texts) {
  try {
    action();
    ADD_FAILURE() << "no error was thrown";
  } catch (const Error& error) {
    for (const auto& text : texts)
      EXPECT_THAT(std::string(error.what()) + " | " + error.remedy(), testing::HasSubstr(text));
    EXPECT_FALSE(error.remedy().empty());
  }
}

}  // namespace palimpsest
