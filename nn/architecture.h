#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/safetensors.h"

namespace palimpsest {

inline constexpr int kBlocks = 5;
inline constexpr std::array<int, kBlocks> kConvolutionsPerBlock{2, 2, 3, 3, 3};
inline constexpr int kConvolutions = 13;

// VGG16 (Simonyan and Zisserman, "Very deep convolutional networks...", 2015, configuration D): five blocks of 3x3
// convolutions with ReLU, each ended by a 2x2 max-pool, then fully connected layers with ReLU and one without.
struct Architecture {
  int size = 224;  // side of the square input, at least 32
  std::array<int, kBlocks> channels{64, 128, 256, 512, 512};
  std::vector<int> hidden{4096, 4096};  // empty: dense head, from the last block straight to classes
  int classes = 8;                      // 0: convolutions only, without a fully connected layer

  int feature_side() const { return size / 32; }
  int features() const { return channels.back() * feature_side() * feature_side(); }        // 25,088 for VGG16 at 224
  static Architecture vgg16(double width, int size, std::vector<int> hidden, int classes);  // channels scaled by width
  friend bool operator==(const Architecture&, const Architecture&) = default;
};

// The name under which a file holds a parameter: torchvision's, or timm's (pre_logits.fc1, pre_logits.fc2, head.fc,
// the same values in another shape). Empty when it holds neither.
std::string stored_name(const TensorFile& file, const std::string& name);
std::string parameter_name(const std::string& stored);  // the inverse; other names are unchanged

// The purpose of a weights file, as far as it affects reading.
struct WeightsUse {
  std::optional<int> side;  // of the pictures, if the user or the data specify it
  bool head = true;         // false: only its convolutions
};

// The architecture whose weights a file holds (torchvision's names). Its `size` is the one stated in the file; else
// `use.side` if the first fully connected layer takes the features of such pictures; else 32 times the side of the
// features that it takes. It is never guessed if that layer may also follow global average pooling. A file of
// convolutions only ("notop") has 0 classes, and VGG16's values for the rest of its head; its size is use.side, else
// the one in the file, else 224.
// Throws Error when the file is not a VGG16 of any width, holds a tensor that is neither used nor without effect, or
// is one of ours and names a different number of classes than its head has outputs.
Architecture architecture_of(const TensorFile& file, const WeightsUse& use = {});

}  // namespace palimpsest
