#pragma once
#include <memory>
#include <optional>

#include "data/arrays.h"
#include "data/normalisation.h"
#include "experiments/settings/settings.h"
#include "nn/weights.h"

namespace palimpsest::experiments {

// What --data names, opened once. Arrays are read at once, because the weights may not say the side of the pictures.
struct OpenedData {
  explicit OpenedData(const DataSettings& settings);

  const DataSettings& settings;
  std::shared_ptr<const data::Arrays> arrays;  // null: a data set of pictures
  std::optional<int> side;                     // of the pictures, where --size or the arrays say it
};

// A network on its device, as a weights file describes it.
struct Model {
  fs::path weights;              // where it was read
  bool named_by_option = false;  // its class names come from --class-names
  std::unique_ptr<Device> device;
  std::unique_ptr<nn::Network> network;
  nn::ModelNotes notes;  // its classes: those of --class-names if the file names none; empty if neither does
};
// `data` supplies what the file does not: the side of the pictures, the names of the classes. Without `head`, a file of
// convolutions only suffices.
Model load_model(const MachineSettings& on, const fs::path& weights, const OpenedData& data, bool head = true);

// Reports, when pictures are read, the assumptions about their preparation that the weights file does not specify.
void tell_assumed_preparation(const TensorFile& file, const nn::ModelNotes& notes, int side, const DataSettings& data);

// The value of --normalisation; `auto` follows the weights.
Normalisation normalisation_for(const DataSettings& choice, const nn::ModelNotes& notes);
std::string normalisation_name(const DataSettings& choice, const nn::ModelNotes& notes);

}  // namespace palimpsest::experiments
