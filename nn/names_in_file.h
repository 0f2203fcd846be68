#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/tensor_file.h"
#include "nn/batch_normalisation.h"

// A VGG's layers in a file of PyTorch's kind ("features.0.weight"), by the names that people's networks have.
namespace palimpsest::nn {

struct LayerInFile {
  std::string name;                                 // torchvision's, "features.0"
  std::string weight, bias;                         // the file's names; empty: it has none
  std::optional<BatchNormalisation> before, after;  // of its input, of its output
};

struct NamesInFile {
  std::vector<LayerInFile> layers;   // whose names or values differ from torchvision's
  std::vector<std::string> changes;  // what was assumed about them, in words
  bool caffe = false;                // the names are those of Caffe's VGG and of VGG-Face
};

// Understands prefixes ("module.", "backbone."), Caffe's names (conv1_1 ... fc8), timm's (pre_logits.fc1 ... head.fc),
// a head of fully connected layers under any names whose order is certain, and batch normalisation where torchvision
// has it, or in the head. What it does not understand is not in the result. Never throws.
NamesInFile names_in_file(const TensorFile& file);

}  // namespace palimpsest::nn
