#pragma once
#include <memory>

#include "data/normalisation.h"
#include "experiments/commands.h"
#include "nn/weights.h"

namespace palimpsest {

// A network on its device, as a weights file describes it.
struct Model {
  fs::path weights;  // where it was read
  std::unique_ptr<Device> device;
  std::unique_ptr<Network> network;
  ModelNotes notes;  // its classes: those of --class-names where the file names none; empty where nothing does
};
// `data` says what the file does not: the side of the pictures, the names of the classes.
Model load_model(const RunsOn& on, const fs::path& weights, const DataChoice& data);

// What --normalisation says; `auto` follows the weights.
Normalisation normalisation_for(const DataChoice& choice, const ModelNotes& notes);
std::string normalisation_name(const DataChoice& choice, const ModelNotes& notes);

}  // namespace palimpsest
