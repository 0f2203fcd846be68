#pragma once
#include <array>
#include <string>
#include <vector>

#include "base/safetensors.h"

namespace palimpsest {

inline constexpr int kBlocks = 5;
inline constexpr std::array<int, kBlocks> kConvolutionsPerBlock{2, 2, 3, 3, 3};

// VGG16 (Simonyan and Zisserman, "Very deep convolutional networks...", 2015, configuration D): five blocks of 3x3
// convolutions with ReLU, each ended by a 2x2 max-pool, then fully connected layers with ReLU and one without.
struct Architecture {
  int size = 224;  // side of the square input, at least 32
  std::array<int, kBlocks> channels{64, 128, 256, 512, 512};
  std::vector<int> hidden{4096, 4096};  // empty: dense head, from the last block straight to classes
  int classes = 8;

  int feature_side() const { return size / 32; }
  int features() const { return channels.back() * feature_side() * feature_side(); }        // 25,088 for VGG16 at 224
  static Architecture vgg16(double width, int size, std::vector<int> hidden, int classes);  // channels scaled by width
  friend bool operator==(const Architecture&, const Architecture&) = default;
};

// One convolution or fully connected layer by its torchvision name: "features.0", "classifier.3".
struct LayerName {
  std::string name;
  int block;  // 0..4; kBlocks for the head
};
std::vector<LayerName> layer_names(const Architecture& architecture);

// The name under which a file holds a parameter: torchvision's own, or timm's (pre_logits.fc1, pre_logits.fc2, head.fc,
// the same values in another shape). Empty when it holds neither.
std::string stored_name(const TensorFile& file, const std::string& name);

// The architecture whose weights a file holds (torchvision's names). `size` comes from the file's metadata where
// palimpsest wrote it, else it is 32 times the side of the features that the first fully connected layer takes. A file
// of convolutions alone ("notop") has 0 classes, and for the rest of its head VGG16's values.
// Throws Error when the file is not a VGG16, however wide.
Architecture architecture_of(const TensorFile& file);

}  // namespace palimpsest
