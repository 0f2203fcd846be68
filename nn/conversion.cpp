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

std::string line(const std::string& python) {
  return fmt::format(R"(convert it: python -c "{}")", python);
}

}  // namespace

bool plain(std::string_view text) {
  const bool characters = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= 0x80 || std::isalnum(c) != 0 ||
           std::string_view(" _-+=.,/:@()").find(char(c)) != std::string_view::npos;
  });
  return characters && text.size() < 300;
}

std::string torch(const fs::path& path) {
  return line(
      fmt::format("import torch, safetensors.torch as s; d = torch.load('{}', map_location='cpu', weights_only=True); "
                  "d = next((d[k] for k in ('state_dict', 'model_state_dict', 'model', 'net') if k in d), d); "
                  "s.save_file({{k: v.contiguous() for k, v in d.items()}}, '{}')",
                  quotable(path), beside(path, ".safetensors")));
}

std::string torch_model(const fs::path& path) {
  return fmt::format(
      "if you trust it (it can run any program), {}",
      line(fmt::format(
          "import torch, safetensors.torch as s; d = torch.load('{}', map_location='cpu', "
          "weights_only=False).state_dict(); s.save_file({{k: v.contiguous() for k, v in d.items()}}, '{}')",
          quotable(path), beside(path, ".safetensors"))));
}

std::string torch_script(const fs::path& path) {
  return line(
      fmt::format("import torch, safetensors.torch as s; s.save_file({{k: v.contiguous() for k, v in "
                  "torch.jit.load('{}', map_location='cpu').state_dict().items()}}, '{}')",
                  quotable(path), beside(path, ".safetensors")));
}

std::string keras_archive(const fs::path& path) {
  return fmt::format("extract its weights: unzip -p '{}' model.weights.h5 > '{}'", quotable(path),
                     beside(path, ".weights.h5"));
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
