#include "experiments/model.h"

#include "experiments/devices.h"

namespace palimpsest {

Model load_model(const RunsOn& on, const fs::path& weights, const DataChoice& /*data*/) {
  Model model;
  model.notes = notes_of(*open_weights(weights));
  model.device = make_device(on);
  model.network = load_network(*model.device, weights);
  return model;
}

std::string normalisation_name(const DataChoice& choice, const ModelNotes& notes) {
  return choice.normalisation == "auto" ? notes.normalisation : choice.normalisation;
}

Normalisation normalisation_for(const DataChoice& choice, const ModelNotes& notes) {
  return parse_normalisation(normalisation_name(choice, notes));
}

}  // namespace palimpsest
