#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/batch_normalisation.h"
#include "nn/hdf5_file.h"
#include "nn/keras_config.h"

namespace palimpsest::nn {

// Which parameters of a VGG the datasets of a Keras file are. Three sources say it: the configuration of a whole model,
// the lists of layers and of their weights in files of Keras 1 and 2, and the names of the datasets alone.
struct KerasParameters {
  struct Normalisations {
    std::optional<BatchNormalisation> before, after;
  };
  int depth = 16;                                        // of the VGG
  std::map<std::string, std::string> names;              // torchvision's, by the dataset's path
  std::map<std::string, Normalisations> normalisations;  // by torchvision's name of the layer
  bool numbered = false;                                 // by Keras 3's numbers of its layers
  bool certain = false;                                  // a layer without a bias in it has none
  bool listed = false;                                   // by the order of a list
  bool padded = false;                                   // whose convolutions have their padding as layers before them
};

// Nothing if a layer of the configuration does not have its weights in the file, or they are not certain.
std::optional<KerasParameters> configured_parameters(const std::vector<Hdf5File::Object>& objects,
                                                     const KerasConfiguration& configuration);

// Nothing without such lists (`layer_names`), or if they leave the order of the layers open.
std::optional<KerasParameters> listed_parameters(const std::vector<Hdf5File::Object>& objects,
                                                 const std::vector<std::string>& layer_names);

// By the names of keras.applications and of VGG-Face, and Keras 3's numbers. Other datasets are not in it.
KerasParameters named_parameters(const std::vector<Hdf5File::Object>& objects);

// Whether every matrix and every kernel of the layers is a parameter.
bool places_all(const KerasParameters& parameters, const std::vector<Hdf5File::Object>& objects);

}  // namespace palimpsest::nn
