#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor_file.h"
#include "nn/architecture.h"

namespace palimpsest::nn {

// How a tensor of a weights file is interpreted.
struct TensorUse {
  enum class Kind : std::uint8_t { parameter, folded, left_out, unplaced };
  std::string name;  // TensorFile's
  Kind kind = Kind::unplaced;
  std::string what;  // a parameter: which; folded: TensorFile::fate(); left out: why; unplaced: its probable meaning
};

// Every tensor of a weights file with its use. Tensors that are left out have no effect; a file with unplaced tensors
// is not a VGG.
struct WeightsContents {
  int depth = 16;                    // of the VGG whose convolutions they are, or most like
  std::vector<TensorUse> tensors;    // in the file's order
  std::vector<std::string> missing;  // parameters, for instance "features.5.bias"
  int head_layers = 0;               // fully connected ones; 0: convolutions only

  std::vector<const TensorUse*> of(TensorUse::Kind kind) const;
};
WeightsContents contents_of(const TensorFile& file);

// Of the last fully connected layer; 0: the file has none.
std::int64_t outputs_of(const TensorFile& file, const WeightsContents& contents);

// Throws Error naming the file unless every parameter is present and every tensor is used or left out. A head that is
// not needed is not checked. The message says what kind of network or file it is, if known.
void require_vgg(const TensorFile& file, const WeightsContents& contents, bool head_needed = true);

// One line that counts the tensors left out, with an example: "w.safetensors: 2 tensors were left out, ..."; empty if
// none was.
std::string left_out_line(const TensorFile& file, const WeightsContents& contents, bool head_needed = true);

// One line with the assumptions about the layers that this weights file does not state; empty: none. Files written by
// palimpsest state everything. average: the file's head is used after global average pooling.
std::string assumption_line(const TensorFile& file, const WeightsContents& contents, bool head_needed = true,
                            bool average = false);

// Whether the file's metadata have "pooling": "average", as palimpsest writes and nn/keras_weights.h reads: its head
// follows global average pooling. Throws Error for another "pooling".
bool states_average(const TensorFile& file);

// "NAME (8 x 12)" with the file's own name and shape.
std::string described(const TensorFile& file, const std::string& name);

// The purpose of a weights file, as far as it affects reading.
struct WeightsUse {
  std::optional<int> side;  // of the pictures, if the user or the data specify it
  bool head = true;         // false: only its convolutions
};

// The architecture whose weights a file holds (torchvision's names). Its `size` is the one stated in the file; else
// `use.side` if the first fully connected layer takes the features of such pictures; else 32 times the side of the
// features that it takes. A layer that takes one number for each channel follows global average pooling if the file
// states it (states_average; the size is then the stated one, else use.side, else 224), or if use.side is 64 or more
// and the file does not state that it flattens; it is never guessed without use.side. A file of convolutions only
// ("notop") has 0 classes, and VGG16's values for the rest of its head; its size is use.side, else the one in the file,
// else 224. Throws Error when the file is not a VGG16 of any width, holds a tensor that is neither used nor without
// effect, or is one of ours and names a different number of classes than its head has outputs.
Architecture architecture_of(const TensorFile& file, const WeightsUse& use = {});

}  // namespace palimpsest::nn
