#include "experiments/model.h"

#include "experiments/devices.h"
#include "experiments/labels.h"

namespace palimpsest {

Model load_model(const RunsOn& on, const fs::path& weights, const DataChoice& data) {
  Model model;
  model.weights = weights;
  model.notes = notes_of(*open_weights(weights));
  model.device = make_device(on);
  model.network = load_network(*model.device, weights);
  model.notes.classes = output_names(weights, model.notes, model.network->architecture().classes, data.class_names);
  return model;
}

std::string normalisation_name(const DataChoice& choice, const ModelNotes& notes) {
  return choice.normalisation == "auto" ? notes.normalisation : choice.normalisation;
}

Normalisation normalisation_for(const DataChoice& choice, const ModelNotes& notes) {
  return parse_normalisation(normalisation_name(choice, notes));
}

}  // namespace palimpsest
