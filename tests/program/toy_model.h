#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/npy.h"
#include "tests/program/run_program.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {

// A folder with x.npy (four pictures of 32 x 32), y.npy (labels 0 1 0 1) and W.safetensors, a VGG16 of an eighth of the
// width trained on them for a step: what most commands need to be run at all.
class ToyModel : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<float> pixels(std::size_t(4 * 3 * 32 * 32));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = float(i * 7919 % 1000) / 500 - 1;
    write_npy(folder / "x.npy", pixels, std::vector<std::int64_t>{4, 3, 32, 32});
    write_npy(folder / "y.npy", std::vector<std::int64_t>{0, 1, 0, 1}, std::vector<std::int64_t>{4});
    const Outcome made = run({"train", "--data", "arrays:x.npy,y.npy", "--width", "0.125", "--hidden", "8", "--steps",
                              "1", "--batch", "4", "--out", "model"});
    ASSERT_EQ(made.status, 0) << made.errors;
    fs::copy_file(folder / "model/weights.safetensors", folder / "W.safetensors");
  }

  Outcome run(const std::vector<std::string>& arguments, Circumstances how = {}) const {
    how.folder = folder.path();
    return run_program(arguments, how);
  }
  Outcome predict(const std::string& weights, const std::string& data) const {
    return run({"predict", "--weights", weights, "--data", data, "--logits", "z.npy"});
  }
  // Puts `bytes` over the file's from `offset` on.
  void damage(const fs::path& name, std::size_t offset, std::string_view bytes) const {
    std::string content = read_file(folder / name);
    content.replace(offset, bytes.size(), bytes);
    write_unsynced(folder / name, content);
  }

  TempFolder folder;
};

}  // namespace palimpsest
