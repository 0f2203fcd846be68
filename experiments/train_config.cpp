#include "experiments/train_config.h"

#include <toml++/toml.h>
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "data/source.h"
#include "experiments/option_table.h"

namespace palimpsest {

namespace {

// Each overload gives false when the value is of another kind or does not fit.
bool read(const toml::node& node, std::string& to) {
  const auto value = node.value_exact<std::string>();
  if (value) to = *value;
  return value.has_value();
}
bool read(const toml::node& node, fs::path& to) {
  const auto value = node.value_exact<std::string>();
  if (value) to = *value;
  return value.has_value();
}
bool read(const toml::node& node, bool& to) {
  const auto value = node.value_exact<bool>();
  if (value) to = *value;
  return value.has_value();
}
bool read(const toml::node& node, double& to) {
  if (!node.is_number()) return false;
  to = *node.value<double>();
  return true;
}
template <class Integer>
bool read_integer(const toml::node& node, Integer& to) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || !std::in_range<Integer>(*value)) return false;
  to = static_cast<Integer>(*value);
  return true;
}
bool read(const toml::node& node, int& to) {
  return read_integer(node, to);
}
bool read(const toml::node& node, std::int64_t& to) {
  return read_integer(node, to);
}
bool read(const toml::node& node, std::uint64_t& to) {
  return read_integer(node, to);
}
bool read(const toml::node& node, std::optional<int>& to) {
  int value = 0;
  if (!read_integer(node, value)) return false;
  to = value;
  return true;
}
template <class T>
bool read(const toml::node& node, std::vector<T>& to) {
  const toml::array* const array = node.as_array();
  if (array == nullptr) return false;
  std::vector<T> values(array->size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!read(*array->get(i), values[i])) return false;
  to = std::move(values);
  return true;
}

const char* kind_of(const std::string&) {
  return "a text in quotes";
}
const char* kind_of(const fs::path&) {
  return "a path in quotes";
}
const char* kind_of(bool) {
  return "true or false";
}
const char* kind_of(double) {
  return "a number";
}
const char* kind_of(int) {
  return "a whole number";
}
const char* kind_of(std::uint64_t) {
  return "a whole number, not negative";
}
const char* kind_of(const std::optional<int>&) {
  return "a whole number";
}
const char* kind_of(const std::vector<std::string>&) {
  return "a list of texts";
}
template <class T>
const char* kind_of(const std::vector<T>&) {
  return "a list of whole numbers";
}

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}
std::string toml_text(const std::string& value) {
  return quoted(value);
}
std::string toml_text(const fs::path& value) {
  return quoted(value.string());
}
std::string toml_text(bool value) {
  return value ? "true" : "false";
}
std::string toml_text(double value) {
  std::string text = fmt::format("{}", value);  // the shortest that reads back as the same number
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}
std::string toml_text(int value) {
  return fmt::format("{}", value);
}
std::string toml_text(std::int64_t value) {
  return fmt::format("{}", value);
}
std::string toml_text(std::uint64_t value) {
  return fmt::format("{}", value);
}
template <class T>
std::string toml_text(const std::vector<T>& values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ", ") + toml_text(values[i]);
  return text + "]";
}

toml::table parse_toml(const std::string& text, const fs::path& file) {
  try {
    return toml::parse(text, file.string());
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}:{}: {}", file.string(), error.source().begin.line, error.description()),
                "correct this line of TOML");
  }
}

std::string choices_text(const std::vector<std::string>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i)
    text += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  return text;
}

void require(bool holds, const char* option, const std::string& problem, const std::string& remedy) {
  if (!holds) throw Error(fmt::format("--{}: {}", option, problem), remedy);
}

}  // namespace

std::string train_config_text(const TrainCommand& command) {
  std::string text = "# Options of this run, by the names they have on the command line.\n";
  if (!command.preset.empty()) text += "preset = " + quoted(command.preset) + "\n";
  const char* group = nullptr;
  visit_train_options(command, [&](const char* name, const auto& value, const OptionText& about) {
    if (group != about.group) text += fmt::format("\n# {}\n", group = about.group);
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<int>>) {
      if (value) text += fmt::format("{} = {}\n", name, *value);
    } else {
      text += fmt::format("{} = {}\n", name, toml_text(value));
    }
  });
  return text;
}

namespace {

std::set<std::string> apply_text(const std::string& text, const fs::path& file, TrainCommand& command) {
  const toml::table table = parse_toml(text, file);
  std::set<std::string> known{"preset"}, given;
  const auto take = [&](const char* name, auto& member, const OptionText&) {
    known.insert(name);
    const toml::node* const node = table.get(name);
    if (node == nullptr) return;
    if (!read(*node, member))
      throw Error(fmt::format("{}:{}: {} is not {}", file.string(), node->source().begin.line, name, kind_of(member)),
                  "correct this line");
    given.insert(name);
  };
  take("preset", command.preset, {});
  visit_train_options(command, take);
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (!known.contains(name))
      throw Error(fmt::format("{}:{}: there is no option '{}'", file.string(), node.source().begin.line, name),
                  "palimpsest train --help lists the options; keys are their long names without the dashes");
  }
  return given;
}

std::map<std::string, std::string> values_of(const TrainCommand& command) {
  std::map<std::string, std::string> values;
  visit_train_options(command, [&](const char* name, const auto& value, const OptionText&) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<int>>)
      values[name] = value ? toml_text(*value) : "nothing";
    else
      values[name] = toml_text(value);
  });
  return values;
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
  const fs::path whole = fs::weakly_canonical(path, code);
  return code ? path.string() : whole.string();
}

std::string place_of_data(const std::string& name) {
  const Source source = parse_source(name);
  return fmt::format("{}:{},{}", scheme_name(source.scheme), place(source.path),
                     source.labels.empty() ? "" : place(source.labels));
}

}  // namespace

std::set<std::string> apply_train_config(const fs::path& file, TrainCommand& command) {
  return apply_text(read_file(file, 1 << 20), file, command);
}

std::string difference_of_runs(const std::string& earlier, const std::string& now, const fs::path& file) {
  TrainCommand then, today;
  apply_text(earlier, file, then);
  apply_text(now, file, today);
  auto before = values_of(then);
  const auto after = values_of(today);
  // These do not change what comes out of a run; and a run may be given more epochs.
  for (const char* const name : {"cache", "skipped", "cache-limit"}) before[name] = after.at(name);
  if (today.epochs >= then.epochs) before["epochs"] = after.at("epochs");
  // Left to the data or the weights in one of them; a run's remarks and its checkpoint have what came of it.
  if (today.classes == 0 || then.classes == 0) before["classes"] = after.at("classes");
  if (today.data.normalisation == "auto" || then.data.normalisation == "auto")
    before["normalisation"] = after.at("normalisation");
  if (place_of_data(then.data.name) == place_of_data(today.data.name)) before["data"] = after.at("data");
  if (!then.init.empty() && place(then.init) == place(today.init)) before["init"] = after.at("init");
  for (const auto& [name, value] : before)
    if (value != after.at(name))
      return fmt::format("'{} = {}' there, '{} = {}' now", name, value, name, after.at(name));
  const auto remarks = remarks_in(now);
  for (const auto& [key, value] : remarks_in(earlier))
    if (const auto other = remarks.find(key); other != remarks.end() && other->second != value)
      return fmt::format("'{}: {}' there, '{}: {}' now", key, value, key, other->second);
  return {};
}

void check_data_options(const DataChoice& data) {
  require(!data.size || (*data.size >= 32 && *data.size <= 1024), "size",
          fmt::format("{} is too small for five poolings, or too large", data.size.value_or(0)), "give 32 to 1024");
  require(data.margin >= 0 && data.margin <= 10, "margin", fmt::format("{} is no share of a box", data.margin),
          "give 0 to 10; the default is 0.25");
  require(data.validation_share >= 0 && data.validation_share < 1, "validation-share",
          fmt::format("{} is not a share", data.validation_share), "give 0 or more, and less than 1");
  constexpr int most = 100'000'000;
  require(data.pain_images >= 2 && data.pain_images <= most, "pain-images",
          fmt::format("{} frames cannot be drawn", data.pain_images), "give an even number; the paper's is 1000");
  require(data.pain_validation >= 0 && data.pain_validation < data.pain_images, "pain-validation",
          fmt::format("{} of {} frames leave none to train on", data.pain_validation, data.pain_images),
          "give an even number below --pain-images; the paper's is 100");
}

void check_train_options(const TrainCommand& c) {
  visit_train_options(c, [](const char* name, const auto& value, const OptionText& about) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>)
      require(about.choices.empty() || std::ranges::count(about.choices, value) > 0, name,
              fmt::format("'{}' is unknown", value), "use " + choices_text(about.choices));
  });
  const auto positive = [](const char* name, double value) {
    require(value > 0 && value <= std::numeric_limits<double>::max(), name, fmt::format("{} is not above 0", value),
            "give a number above 0");
  };
  const auto not_negative = [](const char* name, double value) {
    require(value >= 0 && value <= std::numeric_limits<double>::max(), name, fmt::format("{} is negative", value),
            "give 0 or more");
  };
  require(!c.data.name.empty(), "data", "no data set is named", "name one, for instance --data affectnet:DIR");
  require(!c.out.empty(), "out", "no folder to write to", "name one with --out RUN");
  require(c.freeze >= 0 && c.freeze <= 5, "freeze", fmt::format("there is no block {}", c.freeze), "give 0 to 5");
  for (const int block : c.freeze_blocks)
    require(block >= 1 && block <= 5, "freeze-blocks", fmt::format("there is no block {}", block), "give 1 to 5");
  check_data_options(c.data);
  require(c.momentum >= 0 && c.momentum < 1, "momentum", fmt::format("{} makes steps grow without end", c.momentum),
          "give 0 or more, and less than 1");
  require(c.beta >= 0 && c.beta < 1, "beta", fmt::format("{} gives no weights", c.beta),
          "give 0 or more, and less than 1");
  positive("width", c.width);
  positive("lr", c.rate);
  positive("batch", c.batch);
  positive("epochs", c.epochs);
  require(c.batch <= 65536, "batch", fmt::format("{} images are too many for a step", c.batch), "give 1 to 65536");
  require(c.classes <= 65536, "classes", fmt::format("{} classes are too many", c.classes), "give 0 to 65536");
  not_negative("gamma", c.gamma);
  not_negative("weight-decay", c.weight_decay);
  not_negative("clip-norm", c.clip_norm);
  not_negative("steps", c.steps);
  not_negative("classes", c.classes);
  not_negative("patience", c.patience);
  not_negative("warmup-steps", c.warmup_steps);
  not_negative("plain-epochs", c.plain_epochs);
  not_negative("slow-epochs", c.slow_epochs);
  for (const int width : c.hidden)
    require(width > 0 && width <= 1 << 20, "hidden", fmt::format("no layer can be {} wide", width),
            "give widths from 1 to 1048576");
  for (const std::int64_t count : c.class_counts)
    require(count > 0, "class-counts", fmt::format("a class of {} images has no weight", count), "give counts above 0");
  require(c.class_counts.empty() || c.class_weights != "none", "class-counts", "there are no class weights to use them",
          "leave out --class-weights none, or the counts");
  require(c.gradients.empty() || c.steps == 1, "gradients", "gradients are those of a single step", "add --steps 1");
}

}  // namespace palimpsest
