#pragma once
#include <array>
#include <vector>

namespace palimpsest::nn {

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

}  // namespace palimpsest::nn
