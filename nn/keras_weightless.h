#pragma once
#include <string>
#include <vector>

#include "nn/hdf5_file.h"

namespace palimpsest::nn {

// Layers without weights of a Keras file, from its lists of layers and its groups without weights. One entry per layer:
// Keras 3 may use the same name in different models of one file.
std::vector<std::string> keras_weightless_layers(const Hdf5File& file, const std::vector<Hdf5File::Object>& objects);

// The objection to VGG16 in them, as in "a layer 'permute' without weights"; empty: none. Recognised by name are those
// that do nothing at prediction (inputs, dropout, noise, random changes of pictures), one flattening or global average
// pooling, ReLU and softmax, and VGG16's five max poolings. Either all poolings or none must be listed;
// `convolutions_alone`: the last one may be missing.
std::string keras_weightless_objection(const std::vector<std::string>& layers, bool convolutions_alone);

}  // namespace palimpsest::nn
