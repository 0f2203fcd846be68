#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/tensor_file.h"

namespace palimpsest {

// How a tensor of a weights file is interpreted.
struct TensorUse {
  enum class Kind : std::uint8_t { parameter, left_out, unplaced };
  std::string name;  // TensorFile's
  Kind kind = Kind::unplaced;
  std::string what;  // a parameter: which; left out: why; unplaced: what it probably is, or nothing
};

// Every tensor of a weights file with its use. Tensors that are left out have no effect; a file with unplaced tensors
// is not a VGG16.
struct WeightsContents {
  std::vector<TensorUse> tensors;    // in the file's order
  std::vector<std::string> missing;  // parameters, for instance "features.5.bias"
  int head_layers = 0;               // fully connected ones; 0: convolutions only

  std::vector<const TensorUse*> of(TensorUse::Kind kind) const;
};
WeightsContents contents_of(const TensorFile& file);

// Throws Error naming the file unless every parameter is present and every tensor is used or left out. A head that is
// not needed is not checked. The message says what kind of network or file it is, if known.
void require_vgg16(const TensorFile& file, const WeightsContents& contents, bool head_needed = true);

// One line that counts the tensors left out, with an example: "w.safetensors: 2 tensors were left out, ..."; empty if
// none was.
std::string left_out_line(const TensorFile& file, const WeightsContents& contents, bool head_needed = true);

// One line with the assumptions about the layers that this weights file does not state; empty: none. Files written by
// palimpsest are known to have ReLU.
std::string assumption_line(const TensorFile& file, const WeightsContents& contents, bool head_needed = true);

// "NAME (8 x 12)" with the file's own name and shape.
std::string described(const TensorFile& file, const std::string& name);

}  // namespace palimpsest
