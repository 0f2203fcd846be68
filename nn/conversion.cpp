#include "nn/conversion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace palimpsest::nn::conversion {

namespace {

// The path if it can be quoted, else a placeholder.
std::string quotable(const fs::path& path) {
  return plain(path.string()) ? path.string() : "FILE";
}

// The name of the converted weights: x.pth -> x.safetensors.
std::string beside(const fs::path& path, const char* ending) {
  fs::path to = path;
  to.replace_extension(ending);
  if (to == path) to.replace_filename(path.stem().string() + "-converted" + ending);
  return quotable(to);
}

std::string program(const std::string& python) {
  return fmt::format(R"(python -c "{}")", python);
}

std::string line(const std::string& python) {
  return "convert it: " + program(python);
}

}  // namespace

bool plain(std::string_view text) {
  const bool characters = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= 0x80 || std::isalnum(c) != 0 ||
           std::string_view(" _-+=.,/:@()").find(char(c)) != std::string_view::npos;
  });
  return characters && text.size() < 300;
}

std::string torch_tar(const fs::path& path) {
  return fmt::format("if you trust it (it can run any program), {}",
                     line(fmt::format("import torch; torch.save(torch.load('{}', map_location='cpu', "
                                      "weights_only=False), '{}')",
                                      quotable(path), beside(path, ".pth"))));
}

std::string torch_model(const fs::path& path, const std::string& where) {
  std::string keys;
  for (std::size_t from = 0; from < where.size();) {
    const auto dot = std::min(where.find('.', from), where.size());
    keys += fmt::format("['{}']", where.substr(from, dot - from));
    from = dot + 1;
  }
  return fmt::format("if you trust it (it can run any program), save its weights (model.state_dict()): {}",
                     program(fmt::format("import torch; torch.save(torch.load('{}', map_location='cpu', "
                                         "weights_only=False){}.state_dict(), '{}')",
                                         quotable(path), keys, beside(path, ".state_dict.pth"))));
}

std::string torch_script(const fs::path& path) {
  return line(fmt::format("import torch; torch.save(torch.jit.load('{}', map_location='cpu').state_dict(), '{}')",
                          quotable(path), beside(path, ".state_dict.pth")));
}

std::string keras_3(const fs::path& path) {
  return fmt::format("with Keras 3, {}", line(fmt::format("import keras; keras.models.load_model('{}', compile=False)"
                                                          ".save_weights('{}')",
                                                          quotable(path), beside(path, ".weights.h5"))));
}

std::string npz(const fs::path& path) {
  return line(fmt::format("import numpy, safetensors.numpy as s; s.save_file(dict(numpy.load('{}')), '{}')",
                          quotable(path), beside(path, ".safetensors")));
}

std::string onnx(const fs::path& path) {
  return line(
      fmt::format("import onnx, onnx.numpy_helper as h, safetensors.numpy as s; s.save_file({{t.name: "
                  "h.to_array(t).copy() for t in onnx.load('{}').graph.initializer}}, '{}')",
                  quotable(path), beside(path, ".safetensors")));
}

std::string shards(const fs::path& path) {
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  return fmt::format(
      "merge them into one file: python -c \"import glob, safetensors.torch as s; s.save_file({{k: v for f "
      "in glob.glob('{}/*-of-*.safetensors') for k, v in s.load_file(f).items()}}, '{}')\"",
      quotable(folder), quotable(folder / "whole.safetensors"));
}

std::string tensorflow() {
  return "load it with the program that wrote it and save the weights of its Keras model with "
         "save_weights('w.weights.h5')";
}

}  // namespace palimpsest::nn::conversion
