#pragma once
#include <array>

namespace palimpsest {

// How pixels 0..255 become the network's input: input[c] = (pixel[source[c]] - mean[c]) * scale[c], where pixel is R,
// G, B.
struct Normalisation {
  std::array<int, 3> source{0, 1, 2};
  std::array<float, 3> mean{0, 0, 0}, scale{1, 1, 1};

  static Normalisation none();         // R, G, B as they are, 0..255
  static Normalisation torchvision();  // RGB / 255, minus .485 .456 .406, divided by .229 .224 .225
  static Normalisation caffe();        // B, G, R minus 103.939 116.779 123.68 (Keras' VGG16)
  static Normalisation vggface();      // B, G, R minus 93.5940 104.7624 129.1863 (the faces of VGG-Face)
};

}  // namespace palimpsest
