#pragma once
#include <array>
#include <vector>

namespace palimpsest::nn {

inline constexpr int kBlocks = 5;
inline constexpr std::array<int, 4> kDepths{11, 13, 16, 19};  // of the VGGs, in layers with weights

// VGG (Simonyan and Zisserman, "Very deep convolutional networks...", 2015, configurations A, B, D and E): five blocks
// of 3x3 convolutions with ReLU, each ended by a 2x2 max-pool, then fully connected layers with ReLU and one without.
struct Architecture {
  int depth = 16;  // one of kDepths: how many convolutions each block has, whatever the head
  int size = 224;  // side of the square input, at least 32
  std::array<int, kBlocks> channels{64, 128, 256, 512, 512};
  std::vector<int> hidden{4096, 4096};  // empty: dense head, from the last block straight to classes
  int classes = 8;                      // 0: convolutions only, without a fully connected layer
  bool average = false;  // the head takes each channel's mean (global average pooling), else every feature

  std::array<int, kBlocks> convolutions() const;  // in each block
  int feature_side() const { return size / 32; }
  int features() const { return channels.back() * feature_side() * feature_side(); }  // of the last block: 25,088
  // Channels scaled by width. Throws Error for a depth, width or size that no network has.
  static Architecture vgg(int depth, double width, int size, std::vector<int> hidden, int classes);
  friend bool operator==(const Architecture&, const Architecture&) = default;
};

// The depth of the VGG with so many convolutions in each block, or the most similar one; 16 if several are.
int depth_like(const std::array<int, kBlocks>& convolutions);
// The depth of the VGG with so many convolutions; 0: none has.
int depth_with(int convolutions);

}  // namespace palimpsest::nn
