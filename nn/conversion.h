#pragma once
#include <string>
#include <string_view>

#include "base/files.h"

// How to convert weights of another format: a sentence, with a shell command if one line suffices. `path` is the
// unsupported file.
namespace palimpsest::nn::conversion {

std::string torch_tar(const fs::path& path);  // torch.save's first format
// torch.save of a whole model, or of one under keys: "model.net"
std::string torch_model(const fs::path& path, const std::string& where);
std::string torch_script(const fs::path& path);  // torch.jit.save
std::string keras_3(const fs::path& path);       // a whole model in HDF5, to Keras 3's .weights.h5
std::string npz(const fs::path& path);
std::string onnx(const fs::path& path);
std::string shards(const fs::path& path);  // the index beside them
std::string tensorflow();

// Whether a text can be quoted in Python and in a shell without escaping.
bool plain(std::string_view text);

}  // namespace palimpsest::nn::conversion
