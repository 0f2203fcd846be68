#include "nn/other_formats.h"

#include <gtest/gtest.h>

#include "nn/weights.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {
namespace {

using namespace std::string_literals;

// A zip archive's entries as readers find them: a local header each, and the directory at the end.
std::string zip_of(const std::vector<std::string>& names) {
  std::string bytes, directory;
  const auto length = [](const std::string& name) {
    return std::string{char(name.size() & 0xff), char(name.size() >> 8)};
  };
  for (const auto& name : names) {
    bytes += "PK\3\4"s + std::string(22, '\0') + length(name) + std::string(2, '\0') + name + "data";
    directory += "PK\1\2"s + std::string(24, '\0') + length(name) + std::string(16, '\0') + name;
  }
  return bytes + directory + "PK\5\6"s + std::string(18, '\0');
}

class OtherFormats : public testing::Test {
 protected:
  void refused(const std::string& part, const std::string& bytes, const std::string& remedy = {}) {
    const auto path = folder_ / "w.bin";
    write_unsynced(path, bytes);
    try {
      open_weights(path);
      ADD_FAILURE() << "no error about '" << part << "'";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("w.bin is " + part));
      EXPECT_THAT(error.remedy(), testing::HasSubstr(remedy)) << part;
      EXPECT_FALSE(error.remedy().empty()) << part;
    }
  }
  TempFolder folder_;
};

TEST_F(OtherFormats, ArchivesAreKnownByWhatIsInThem) {
  refused("a PyTorch TorchScript archive", zip_of({"m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"}),
          "torch.jit.load(");
  refused("not a usable .keras archive", zip_of({"metadata.json", "config.json", "model.weights.h5"}), "model.save");
  refused("a NumPy .npz archive", zip_of({"features.0.weight.npy"}), "numpy.load(");
  refused("a zip archive with net/w.safetensors in it", zip_of({"readme.txt", "net/w.safetensors"}), "unzip");
  refused("a zip archive without weights (a.txt, b.txt)", zip_of({"a.txt", "b.txt"}));
  refused("a zip archive that is cut short", "PK\3\4"s + std::string(10, '\0'));
  const std::string whole = zip_of({"archive/data.pkl", std::string(300, 'x')});
  refused("not a usable PyTorch file: its zip archive is cut short", whole.substr(0, 100));  // a download that stopped
  for (std::size_t length = 4; length < whole.size(); length += 7) {
    write_unsynced(folder_ / "cut.pth", whole.substr(0, length));
    expect_error("cut.pth", [&] { open_weights(folder_ / "cut.pth"); });
  }
}

TEST_F(OtherFormats, OlderFilesOfPyTorch) {
  const std::string number = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"s;
  refused("not a usable PyTorch file", "\x80\2"s + number + std::string(40, 'q'));
  refused("a Python pickle", "\x80\4\x95"s + std::string(40, 'q'));
  std::string tar(1024, '\0');
  tar.replace(0, 8, "sys_info");
  tar.replace(257, 5, "ustar");
  refused("a PyTorch file (torch.save's first format", tar, "torch.load(");
  tar.replace(0, 8, "w.pth\0\0\0"s);
  refused("a tar archive", tar, "unpack");
}

TEST_F(OtherFormats, OtherFrameworks) {
  const std::string rest(64, '\1');
  refused("an ONNX model", "\x08\x07\x12\x07pytorch"s + rest, "onnx.load(");
  refused("a TensorFlow SavedModel's graph", "\x08\x01\x12\xc1\x20\x0a\x05"s + rest);
  refused("a frozen TensorFlow graph", "\x0a\x3f\x0a\x0bPlaceholder\x12\x0bPlaceholder"s + rest);
  refused("a Caffe network ('VGG_ILSVRC_16_layers')", "\x0a\x14VGG_ILSVRC_16_layers\x12"s + rest);
  refused("a TensorFlow Lite model", "\x1c\0\0\0TFL3"s + rest);
  refused("the index of a TensorFlow checkpoint", rest + "\x57\xfb\x80\x8b\x24\x75\x47\xdb"s);
  refused("a llama.cpp file", "GGUF"s + rest);
  refused("a MATLAB file", "MATLAB 5.0 MAT-file, Platform: GLNXA64"s + rest);
  refused("an MXNet file", "\x12\x01\0\0\0\0\0\0"s + rest);
  refused("a Torch7 file", "\4\0\0\0\1\0\0\0"s + rest);
  refused("a single NumPy array", "\x93NUMPY\1\0"s + rest);
  refused("a gzip archive", "\x1f\x8b\x08"s + rest, "unpack");
}

TEST_F(OtherFormats, WhatComesInPlaceOfAFile) {
  refused("empty", "");
  refused("nothing but zero bytes", std::string(2000, '\0'), "copy it again");
  refused("a JPEG picture", "\xFF\xD8\xFF\xE0"s + std::string(100, '\1'), "safetensors");
  refused("a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n", "git lfs pull");
  refused("an HTML page", "\n <!DOCTYPE html>\n<html><head>", "download");
  refused("an XML text", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "download");
  refused("the index of weights in several files", R"({"metadata":{},"weight_map":{"a":"b.safetensors"}})", "glob(");
  refused("JSON without weights", R"({"architectures": ["VGG"]})");
  refused("a text file ('Entry not found')", "Entry not found");
  refused("a macOS AppleDouble file", "\0\5\x16\7\0\2\0\0Mac OS X"s);
}

TEST_F(OtherFormats, TextOutOfAFileIsShortened) {
  write_unsynced(folder_ / "w.bin", std::string(3000, 'x'));
  try {
    open_weights(folder_ / "w.bin");
    FAIL();
  } catch (const Error& error) {
    EXPECT_LT(std::string(error.what()).size(), 300u);
  }
}

TEST_F(OtherFormats, FoldersAndNamesOfNoFile) {
  expect_error("is a folder", [&] { open_weights(folder_.path()); });
  fs::create_directory(folder_ / "saved");
  write_unsynced(folder_ / "saved/saved_model.pb", "x");
  expect_error("a TensorFlow SavedModel", [&] { open_weights(folder_ / "saved"); });
  write_unsynced(folder_ / "m.ckpt.index", "x");
  expect_error("the name of a TensorFlow checkpoint", [&] { open_weights(folder_ / "m.ckpt"); });
  expect_error("cannot read", [&] { open_weights(folder_ / "gone"); });
}

// Unknown bytes, and files that start like safetensors, give no message.
TEST_F(OtherFormats, TheRestIsLeftToTheReader) {
  const auto silent = [&](const std::string& bytes) {
    write_unsynced(folder_ / "w.bin", bytes);
    EXPECT_NO_THROW(refuse_other_formats(folder_ / "w.bin"));
  };
  silent("\x02\0\0\0\0\0\0\0{}"s);
  silent("\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9"s);
  for (int first = 0; first < 256; ++first)
    for (const std::size_t length : {1, 2, 3, 4, 8, 9, 300}) {
      write_unsynced(folder_ / "w.bin", std::string(length, char(first)));
      expect_error("w.bin", [&] { open_weights(folder_ / "w.bin"); });
    }
}

}  // namespace
}  // namespace palimpsest::nn
