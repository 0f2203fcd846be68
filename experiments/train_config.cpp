#include <map>
#include <sstream>

#include "base/error.h"
#include "data/source.h"
#include "experiments/settings/toml.h"
#include "experiments/train.h"

namespace palimpsest {

namespace {

void require(bool holds, const std::string& problem, const std::string& remedy) {
  if (!holds) throw Error(problem, remedy);
}

// What a run writes below its options: "# key: value".
std::map<std::string, std::string> remarks_in(const std::string& config) {
  std::map<std::string, std::string> remarks;
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line);)
    if (const auto colon = line.find(": "); line.starts_with("# ") && colon != std::string::npos)
      remarks[line.substr(2, colon - 2)] = line.substr(colon + 2);
  return remarks;
}

std::string place(const fs::path& path) {
  std::error_code code;
  const fs::path whole = path.empty() ? path : fs::weakly_canonical(path, code);
  return code ? path.string() : whole.string();
}

std::string place_of_data(const std::string& name) {
  const Source source = FieldValue<Source>::read(name);
  return fmt::format("{}:{},{}", scheme_name(source.scheme), place(source.path), place(source.labels));
}

// Left to the data or the weights in one of two runs: its remarks and its checkpoint have what came of it.
bool left_open(const Field& field) {
  const std::string value = field.text();
  return (field.name == "classes" && value == "0") || (field.name == "normalisation" && value == "auto");
}

bool same(const Field& then, const Field& today) {
  const std::string a = then.text(), b = today.text();
  if (a == b || !today.changes_results || left_open(then) || left_open(today)) return true;
  if (today.name == "epochs") return std::stoll(b) >= std::stoll(a);
  if (!today.names_content) return false;
  return today.name == "data" ? place_of_data(a) == place_of_data(b) : !a.empty() && place(a) == place(b);
}

}  // namespace

void describe(Fields& f, TrainCommand& c) {
  describe(f, c.data);
  f["data"].needed = false;  // a file may name it
  describe(f, static_cast<Recipe&>(c));
  f.group("Recipe");
  f.add("config", c.config,
        "TOML file with options by their long names; the command line wins over it, it wins over --preset")
      .first()
      .of_this_call();
  f.group("Training");
  f.add("no-augment", c.no_augment, "the same as --augment none").of_this_call();
  f.group("Output");
  f.add("out", c.out, "folder: weights.safetensors, last.safetensors, metrics.jsonl, timing.jsonl, config.toml")
      .of_this_call();
  f.add("gradients", c.gradients, "with --steps 1: the gradients of that step (safetensors)").of_this_call();
  f.add("resume", c.resume, "go on from the checkpoint in --out, if there is one (default)").of_this_call();
  describe(f, c.on);
}

std::string train_config_text(const TrainCommand& command) {
  TrainCommand copy = command;
  return "# Options of this run, by the names they have on the command line.\n" + write_toml(fields_of(copy));
}

void read_train_config(const std::string& text, const std::string& file, TrainCommand& command) {
  Fields fields = fields_of(command);
  command.named_in_file = read_toml(text, file, {{"", &fields}});
}

void prepare(TrainCommand& c, std::set<std::string>& given) {
  std::string text;
  if (!c.config.empty()) {
    text = read_file(c.config, 1 << 20);
    const std::string preset = c.preset;
    Fields fields = fields_of(c);
    read_toml(text, c.config.string(), {{"", &fields}}, /*first=*/true);
    if (given.contains("preset")) c.preset = preset;
  }
  apply_presets(c);
  if (!c.config.empty()) read_train_config(text, c.config.string(), c);
}

void settle(TrainCommand& c, const std::set<std::string>& given) {
  if (c.no_augment) c.augment = Augmentation::none;
  if (!c.class_counts.empty() && !given.contains("class-weights") && !c.named_in_file.contains("class-weights"))
    c.class_weights = ClassWeights::rescaled;
  if (given.contains("freeze") && !given.contains("freeze-blocks")) c.freeze_blocks.clear();
  if (c.head == Head::dense) c.hidden.clear();
  require(!c.data.source.text.empty(), "--data: no data set is named", "name one, for instance --data affectnet:DIR");
  require(!c.out.empty(), "--out: no folder to write to", "name one with --out RUN");
  require(c.gradients.empty() || c.steps == 1, "--gradients: gradients are those of a single step", "add --steps 1");
}

std::string difference_of_runs(const std::string& earlier, const std::string& now, const fs::path& file) {
  TrainCommand then, today;
  read_train_config(earlier, file.string(), then);
  read_train_config(now, file.string(), today);
  const Fields before = fields_of(then), after = fields_of(today);
  for (const Field& field : after.all()) {
    const Field& other = *before.find(field.name);
    if (field.in_files && !same(other, field))
      return fmt::format("'{}' there, '{}' now", toml_line(other), toml_line(field));
  }
  const auto remarks = remarks_in(now);
  for (const auto& [key, value] : remarks_in(earlier))
    if (const auto other = remarks.find(key); other != remarks.end() && other->second != value)
      return fmt::format("'{}: {}' there, '{}: {}' now", key, value, key, other->second);
  return {};
}

}  // namespace palimpsest
