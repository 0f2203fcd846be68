#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "analysis/decoding.h"
#include "data/examples.h"
#include "nn/network.h"

namespace palimpsest::experiments {

// What one convolution block makes of all images, after its pooling.
struct BlockFeatures {
  int columns = 0;
  bool averaged = false;      // each channel's mean over the picture
  std::vector<float> values;  // images x columns

  analysis::FeatureRows rows(std::string name) const { return {values, columns, std::move(name)}; }
};

// Features are averaged over the picture, except those of the last block if they are at most so many.
inline constexpr int most_unaveraged = 1024;

// Of every block, images in their order. Throws Error for features that are not finite.
std::array<BlockFeatures, nn::kBlocks> block_features(nn::Network& network,
                                                      const std::shared_ptr<const data::Examples>& examples,
                                                      const Normalisation& normalisation, int batch,
                                                      const std::string& task);

}  // namespace palimpsest::experiments
