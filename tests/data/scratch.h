#pragma once
#include <gtest/gtest.h>

#include <string>

#include "base/files.h"
#include "base/npy.h"
#include "data/image.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::data {

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
  return goldens() / name;
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

}  // namespace palimpsest::data
