#include "experiments/settings/settings.h"

#include <sstream>

#include "base/error.h"
#include "experiments/settings/toml.h"

namespace palimpsest::experiments {

void require_consistent(const DataSettings& data) {
  if (data.pain_validation >= data.pain_images)
    throw Error(fmt::format("--pain-validation: {} of {} frames leave none to train on", data.pain_validation,
                            data.pain_images),
                "give an even number below --pain-images; the paper's is 100");
  // The boxes and landmarks of the other sets count pixels as stored.
  if (data.orientation != data::Orientation::stored && data.source.scheme != data::Scheme::folder)
    throw Error(fmt::format("--orientation {} does not work with {}", word_of(data.orientation), data.source.text),
                "omit it: only the pictures of folder:DIR can be turned");
}
void require_consistent(const LossSettings& loss) {
  if (!loss.class_counts.empty() && loss.class_weights == nn::ClassWeights::none)
    throw Error("--class-counts is given, but --class-weights is none", "omit --class-weights none, or the counts");
}

std::vector<Preset> presets() {
  // SGD without momentum, weight decay or dropout.
  const std::string paper = "loss = 'focal'\nbeta = 0.99998\nlr = 0.01\nmomentum = 0\nweight-decay = 0\nbatch = 32\n";
  const std::string on_faces = paper + "gamma = 5\nclass-weights = 'rescaled'\naugment = 'flip'\nepochs = 20\n";
  return {
      {"emotion", "the emotion model", on_faces + "freeze = 0\nhead-init = 'copy-fc'\n"},
      {"pain", "a pain model",
       paper + "gamma = 2\nclass-weights = 'none'\naugment = 'keras'\nepochs = 50\nhead-init = 'fresh'\n"},
      {"retrain", "an emotion head on frozen blocks", on_faces + "freeze = 5\nhead-init = 'fresh'\n"},
      // Without weights to start from, the paper's recipe does not converge. This one does on unbalanced faces at width
      // 1/8 (docs/drawn-faces.md, "The recipe from scratch"): large steps held by momentum and a clipped gradient, a
      // long warm-up to leave the plateau of chance, cross-entropy until the classes come apart, a slow end.
      {"scratch", "for training without --init, alone or after another",
       "lr = 0.02\nmomentum = 0.9\nclip-norm = 1\nwarmup-steps = 400\nplain-epochs = 4\nslow-epochs = 3\n"
       "batch = 16\nepochs = 16\n"}};
}

void apply_presets(Recipe& recipe) {
  std::istringstream names(recipe.preset);
  const Fields fields = fields_of(recipe);
  for (std::string name; std::getline(names, name, ',');) {
    const auto all = presets();
    const auto at = std::ranges::find(all, name, &Preset::name);
    if (at == all.end())
      throw Error(fmt::format("--preset {}: unknown preset '{}'", recipe.preset, name),
                  "use emotion, pain or retrain, alone or followed by ',scratch', or scratch alone");
    read_toml(at->values, "the preset " + name, fields);
  }
}

}  // namespace palimpsest::experiments
