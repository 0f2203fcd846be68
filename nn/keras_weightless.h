#pragma once
#include <string>
#include <vector>

#include "nn/hdf5_file.h"

namespace palimpsest {

// Layers without weights of a Keras file, told by its lists of layers and by its groups that hold no weights. Once for
// each layer: Keras 3 gives the same name in different models of one file.
std::vector<std::string> keras_weightless_layers(const Hdf5File& file, const std::vector<Hdf5File::Object>& objects);

// What speaks against VGG16 in them, as in "a layer 'permute' without weights"; empty: nothing. Known by their names
// are those that do nothing at prediction (inputs, dropout, noise, random changes of pictures), one flattening, ReLU
// and softmax, and VGG16's five max poolings. Poolings may be left out of the lists, but all of them only;
// `convolutions_alone`: the last one may be missing.
std::string keras_weightless_objection(const std::vector<std::string>& layers, bool convolutions_alone);

}  // namespace palimpsest
