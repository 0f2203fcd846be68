#include "experiments/model.h"

#include <fmt/ranges.h>

#include "base/npy.h"
#include "base/progress.h"
#include "data/arrays.h"
#include "data/source.h"
#include "experiments/devices.h"
#include "experiments/labels.h"

namespace palimpsest::experiments {

OpenedData::OpenedData(const DataSettings& chosen) : settings(chosen), side(chosen.size) {
  if (chosen.source.scheme != data::Scheme::arrays) return;
  arrays = data::read_arrays(chosen.source);
  side = arrays->height();
}

void tell_assumed_preparation(const TensorFile& file, const nn::ModelNotes& notes, int side, const DataSettings& data) {
  if (data.source.scheme == data::Scheme::arrays) return;
  std::vector<std::string> assumed;
  if (!data.size && !nn::states_size(file)) assumed.push_back(fmt::format("{0} x {0} pixels (--size)", side));
  if (data.normalisation == "auto" && !nn::states_normalisation(file))
    assumed.push_back(fmt::format("{}'s normalisation (--normalisation)", notes.normalisation));
  if (assumed.empty()) return;
  remark(fmt::format("{} does not say how its pictures were prepared: {} {} assumed.", file.path().string(),
                     fmt::join(assumed, " and "), assumed.size() > 1 ? "are" : "is"));
}

Model load_model(const MachineSettings& on, const fs::path& weights, const OpenedData& data, bool head) {
  Model model;
  model.weights = weights;
  const auto file = nn::open_weights(weights);
  model.notes = nn::notes_of(*file);
  model.device = make_device(on);
  model.network = nn::load_network(*model.device, *file, {data.side, head});
  const nn::Architecture& architecture = model.network->architecture();
  tell_assumed_preparation(*file, model.notes, architecture.size, data.settings);
  const bool own = !model.notes.classes.empty();
  model.notes.classes = output_names(weights, model.notes, architecture.classes, data.settings.class_names);
  model.named_by_option = !own && !model.notes.classes.empty();
  return model;
}

std::string normalisation_name(const DataSettings& choice, const nn::ModelNotes& notes) {
  return choice.normalisation == "auto" ? notes.normalisation : choice.normalisation;
}

Normalisation normalisation_for(const DataSettings& choice, const nn::ModelNotes& notes) {
  return data::parse_normalisation(normalisation_name(choice, notes));
}

}  // namespace palimpsest::experiments
