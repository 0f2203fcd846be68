#pragma once
#include <memory>
#include <optional>

#include "data/normalisation.h"
#include "experiments/settings/settings.h"
#include "nn/weights.h"

namespace palimpsest {

// A network on its device, as a weights file describes it.
struct Model {
  fs::path weights;              // where it was read
  bool named_by_option = false;  // its class names come from --class-names
  std::unique_ptr<Device> device;
  std::unique_ptr<Network> network;
  ModelNotes notes;  // its classes: those of --class-names if the file names none; empty if neither does
};
// `data` supplies what the file does not: the side of the pictures, the names of the classes. Without `head`, a file of
// convolutions only suffices.
Model load_model(const MachineSettings& on, const fs::path& weights, const DataSettings& data, bool head = true);

// The side of the pictures from --size or the header of arrays:, if given.
std::optional<int> known_side(const DataSettings& data);

// Reports, when pictures are read, the assumptions about their preparation that the weights file does not specify.
void tell_assumed_preparation(const TensorFile& file, const Architecture& architecture, const DataSettings& data);

// The value of --normalisation; `auto` follows the weights.
Normalisation normalisation_for(const DataSettings& choice, const ModelNotes& notes);
std::string normalisation_name(const DataSettings& choice, const ModelNotes& notes);

}  // namespace palimpsest
