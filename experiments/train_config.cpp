#include "base/error.h"
#include "experiments/settings/toml.h"
#include "experiments/train.h"

namespace palimpsest::experiments {

namespace {

void require(bool holds, const std::string& problem, const std::string& remedy) {
  if (!holds) throw Error(problem, remedy);
}

}  // namespace

std::string train_config_text(const TrainCommand& command) {
  return "# Options of this run, by the names they have on the command line.\n" + write_toml(fields_of(command));
}

void prepare(TrainCommand& c, const std::set<std::string>& given) {
  const Fields fields = fields_of(c);
  std::string text;
  if (!c.config.empty()) {
    text = read_file(c.config, 1 << 20);
    const std::string preset = c.preset;
    read_toml(text, c.config.string(), fields, /*quiet=*/true);  // for its preset, which its other values go over
    if (given.contains("preset")) c.preset = preset;
  }
  apply_presets(c);
  if (!c.config.empty()) c.named_in_file = read_toml(text, c.config.string(), fields);
}

void settle(TrainCommand& c, const std::set<std::string>& given) {
  if (c.no_augment) c.augment = data::Augmentation::none;
  if (!c.class_counts.empty() && !given.contains("class-weights") && !c.named_in_file.contains("class-weights"))
    c.class_weights = nn::ClassWeights::rescaled;
  require_consistent(c.data);
  require_consistent(static_cast<const LossSettings&>(c));
  if (given.contains("freeze") && !given.contains("freeze-blocks")) c.freeze_blocks.clear();
  if (c.head == Head::dense) c.hidden.clear();
  require(!c.data.source.text.empty(), "--data: no data set is named", "name one, for example --data affectnet:DIR");
  require(!c.out.empty(), "--out: no folder to write to", "name one with --out RUN");
  require(c.l2_sp == 0 || !c.init.empty(), "--l2-sp needs weights to hold on to", "give them with --init");
  const bool rehearses = !c.rehearse.text.empty();
  require(!rehearses || !c.init.empty(), "--rehearse needs the weights that were trained on these data",
          "give them with --init");
  for (const char* name : {"rehearse-images", "rehearse-weight"})
    require(rehearses || !given.contains(name), fmt::format("--{} has no effect without --rehearse", name),
            "name the data with --rehearse");
  require(c.gradients.empty() || c.steps == 1, "--gradients needs a single step", "add --steps 1");
}

}  // namespace palimpsest::experiments
