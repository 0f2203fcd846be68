#include "experiments/study/config.h"

#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "base/error.h"
#include "data/source.h"
#include "experiments/study/config_fields.h"

namespace palimpsest {

namespace {

std::string full_key(std::string_view group, std::string_view key) {
  return group.empty() ? std::string(key) : fmt::format("{}.{}", group, key);
}

[[noreturn]] void wrong_type(const fs::path& path, const std::string& key, const char* wanted) {
  throw Error(fmt::format("{}: {} is not {}", path.string(), key, wanted), fmt::format("give {} {}", key, wanted));
}

// Reads one TOML value into a member; the overloads are the types that keys have.
class Reader {
 public:
  Reader(const fs::path& path, std::string key) : path_(path), key_(std::move(key)) {}

  void read(const toml::node& node, std::string& to) const {
    // `drawn = true` reads better than "yes".
    if (key_ == "drawn" && node.is_boolean()) {
      to = *node.value<bool>() ? "yes" : "no";
      return;
    }
    if (!node.is_string()) wrong_type(path_, key_, "a text in quotes");
    to = *node.value<std::string>();
  }
  void read(const toml::node& node, bool& to) const {
    if (!node.is_boolean()) wrong_type(path_, key_, "true or false");
    to = *node.value<bool>();
  }
  void read(const toml::node& node, double& to) const {
    if (!node.is_number()) wrong_type(path_, key_, "a number");
    to = *node.value<double>();
    if (!std::isfinite(to)) wrong_type(path_, key_, "a finite number");
  }
  void read(const toml::node& node, int& to) const { to = int(whole(node, 0, 1 << 30)); }
  void read(const toml::node& node, std::uint64_t& to) const {
    to = std::uint64_t(whole(node, 0, std::int64_t{1} << 53));
  }
  void read(const toml::node& node, std::vector<Hypothesis>& to) const {
    constexpr const char* wanted = R"(a list such as [["contempt", 14], ["surprise", 5]])";
    to.clear();
    if (!node.is_array()) wrong_type(path_, key_, wanted);
    for (const toml::node& entry : *node.as_array()) {
      const toml::array* pair = entry.as_array();
      if (!pair || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_integer())
        wrong_type(path_, key_, wanted);
      to.push_back({*(*pair)[0].value<std::string>(), *(*pair)[1].value<int>()});
    }
  }
  void read(const toml::node& node, std::map<std::string, std::vector<int>>& to) const {
    to.clear();
    if (!node.is_table()) wrong_type(path_, key_, "a table such as { happy = [6, 12] }");
    for (const auto& [name, value] : *node.as_table())
      Reader(path_, full_key(key_, name.str())).read(value, to[std::string(name.str())]);
  }
  template <typename T>
  void read(const toml::node& node, std::optional<T>& to) const {
    read(node, to.emplace());
  }
  template <typename T>
  void read(const toml::node& node, std::vector<T>& to) const {
    to.clear();
    if (!node.is_array()) wrong_type(path_, key_, "a list in square brackets");
    for (const toml::node& entry : *node.as_array()) read(entry, to.emplace_back());
  }

 private:
  std::int64_t whole(const toml::node& node, std::int64_t low, std::int64_t high) const {
    if (!node.is_integer()) wrong_type(path_, key_, "a whole number");
    const std::int64_t value = *node.value<std::int64_t>();
    if (value < low || value > high) wrong_type(path_, key_, "a whole number that is not negative");
    return value;
  }

  const fs::path& path_;
  std::string key_;
};

// The table of a group such as "train.pain", or nothing.
const toml::table* find_group(const toml::table& top, std::string_view group, const fs::path& path) {
  const toml::table* table = &top;
  std::string so_far;
  while (!group.empty()) {
    const std::size_t dot = std::min(group.find('.'), group.size());
    so_far = full_key(so_far, group.substr(0, dot));
    const toml::node* node = table->get(group.substr(0, dot));
    if (!node) return nullptr;
    if (!node->is_table()) wrong_type(path, so_far, "a table");
    table = node->as_table();
    group.remove_prefix(std::min(dot + 1, group.size()));
  }
  return table;
}

void refuse_unknown(const toml::table& table, const std::string& group, const std::set<std::string>& keys,
                    const std::set<std::string>& groups, const fs::path& path) {
  for (const auto& [name, value] : table) {
    const std::string key = full_key(group, name.str());
    if (keys.contains(key)) continue;
    if (groups.contains(key)) {
      if (!value.is_table()) wrong_type(path, key, "a table");
      refuse_unknown(*value.as_table(), key, keys, groups, path);
      continue;
    }
    std::vector<std::string> known(keys.begin(), keys.end());
    known.insert(known.end(), groups.begin(), groups.end());
    const std::string near = nearest_word(key, known);
    const std::string example = "experiments/configs/paper.toml lists every key";
    throw Error(fmt::format("{}, line {}: unknown key {}", path.string(), value.source().begin.line, key),
                near.empty() ? example : fmt::format("did you mean {}? {}", near, example));
  }
}

void require(bool good, const StudyConfig& config, std::string_view key, std::string_view wanted) {
  if (!good)
    throw Error(fmt::format("{}: {} must be {}", config.path.string(), key, wanted), fmt::format("change {}", key));
}

void require_one_of(const StudyConfig& config, std::string_view key, const std::string& value,
                    const std::vector<std::string>& words) {
  require(std::find(words.begin(), words.end(), value) != words.end(), config, key,
          fmt::format("one of {}, not '{}'", fmt::join(words, ", "), value));
}

void check_stage(const StudyConfig& c, const std::string& group, const StudyStage& s) {
  const auto at_least = [&](const char* key, const auto& value, double low) {
    require(!value || double(*value) >= low, c, group + "." + key, fmt::format("at least {}", low));
  };
  at_least("epochs", s.epochs, 1);
  at_least("batch", s.batch, 1);
  for (const auto& [key, value] : {std::pair{"momentum", s.momentum},
                                   {"weight_decay", s.weight_decay},
                                   {"gamma", s.gamma},
                                   {"clip_norm", s.clip_norm},
                                   {"beta", s.beta}})
    at_least(key, value, 0);
  require(!s.rate || *s.rate > 0, c, group + ".rate", "above 0");
  require(!s.momentum || *s.momentum < 1, c, group + ".momentum", "below 1");
  require(!s.beta || *s.beta < 1, c, group + ".beta", "below 1");
  if (s.loss) require_one_of(c, group + ".loss", *s.loss, {"focal", "cross-entropy"});
  if (s.class_weights) require_one_of(c, group + ".class_weights", *s.class_weights, {"none", "rescaled", "plain"});
  if (s.augment) require_one_of(c, group + ".augment", *s.augment, {"none", "flip", "keras"});
}

void check_data(const StudyConfig& c) {
  for (const auto& [key, name] : {std::pair{"emotion", &c.emotion}, {"pain", &c.pain}, {"concepts", &c.concepts}}) {
    require(!name->empty(), c, key, R"(given, for instance emotion = "affectnet:DIR")");
    const Scheme scheme = parse_source(*name).scheme;
    require(scheme != Scheme::arrays, c, key, "a data set with parts; arrays:... has none");
    if (key == std::string_view("pain")) require(scheme == Scheme::unbc, c, key, "a set in UNBC's layout, unbc:DIR");
    if (key == std::string_view("concepts"))
      require(scheme == Scheme::ckplus, c, key, "a set in CK+'s layout, ckplus:DIR");
  }
  require_one_of(c, "drawn", c.drawn, {"auto", "yes", "no"});
  require_one_of(c, "data.crop", c.data.crop, {"landmarks", "box", "none"});
  require_one_of(c, "data.normalisation", c.data.normalisation, {"auto", "torchvision", "caffe", "vggface"});
  require(c.data.margin >= 0, c, "data.margin", "at least 0");
  require(c.data.validation_share > 0 && c.data.validation_share < 1, c, "data.validation_share",
          "above 0 and below 1");
  require(c.data.pain_validation > 0 && c.data.pain_validation < c.data.pain_images, c, "data.pain_validation",
          "above 0 and below data.pain_images");
}

void check(const StudyConfig& c) {
  check_data(c);
  require(c.model.size >= 32 && c.model.size % 32 == 0, c, "model.size", "a multiple of 32: five pools halve it");
  require(c.model.width > 0 && c.model.width <= 4, c, "model.width", "above 0 and at most 4");
  require_one_of(c, "model.head", c.model.head, {"fc", "dense"});
  require_one_of(c, "model.head_init", c.model.head_init, {"fresh", "copy-fc"});
  require(std::all_of(c.model.hidden.begin(), c.model.hidden.end(), [](int h) { return h > 0; }), c, "model.hidden",
          "sizes above 0");
  check_stage(c, "train.emotion", c.train_emotion);
  check_stage(c, "train.pain", c.train_pain);
  check_stage(c, "train.retrain", c.train_retrain);
  require_one_of(c, "explain.normalise", c.explain.normalise, {"min-max", "max-abs", "share"});
  require(c.concept_test.repeats >= 2, c, "concept.repeats", "at least 2");
  require(c.concept_test.exploratory_repeats != 1, c, "concept.exploratory_repeats", "0 or at least 2");
  require(c.concept_test.c > 0, c, "concept.c", "above 0");
  require(c.concept_test.min_positives >= 2, c, "concept.min_positives", "at least 2");
  require_one_of(c, "concept.folds", c.concept_test.folds, {"stratified", "grouped", "shuffled"});
  const std::set<std::uint64_t> seeds(c.null.seeds.begin(), c.null.seeds.end());
  require(seeds.size() == c.null.seeds.size() && !seeds.contains(c.model.seed), c, "null.seeds",
          "different from each other and from model.seed");
}

std::string as_text(const std::string& value) {
  return value;
}
std::string as_text(bool value) {
  return value ? "true" : "false";
}
std::string as_text(int value) {
  return fmt::format("{}", value);
}
std::string as_text(std::uint64_t value) {
  return fmt::format("{}", value);
}
std::string as_text(double value) {
  return fmt::format("{}", value);
}
std::string as_text(const Hypothesis& value) {
  return fmt::format("{} AU{}", value.emotion, value.unit);
}

template <typename T>
std::string as_text(const std::optional<T>& value) {
  return value ? as_text(*value) : "";
}

template <typename T>
std::string as_text(const std::vector<T>& values) {
  std::vector<std::string> words;
  words.reserve(values.size());
  for (const T& value : values) words.push_back(as_text(value));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string as_text(const std::map<std::string, std::vector<int>>& values) {
  std::vector<std::string> words;
  words.reserve(values.size());
  for (const auto& [name, units] : values) words.push_back(fmt::format("{} {}", name, fmt::join(units, "+")));
  return fmt::format("{}", fmt::join(words, "; "));
}

}  // namespace

StudyConfig parse_study_config(std::string_view text, const fs::path& path) {
  StudyConfig config;
  config.path = path;
  toml::table top;
  try {
    top = toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}, line {}: {}", path.string(), error.source().begin.line, error.description()),
                "correct the file; toml.io describes the format");
  }
  std::set<std::string> keys, groups{"train"};
  visit_config(config, [&](std::string_view group, const char* key, auto&) {
    keys.insert(full_key(group, key));
    if (!group.empty()) groups.insert(std::string(group));
  });
  refuse_unknown(top, "", keys, groups, path);
  visit_config(config, [&](std::string_view group, const char* key, auto& member) {
    const toml::table* table = find_group(top, group, path);
    if (const toml::node* node = table ? table->get(key) : nullptr)
      Reader(path, full_key(group, key)).read(*node, member);
  });
  check(config);
  return config;
}

StudyConfig read_study_config(const fs::path& path) {
  return parse_study_config(read_file(path, 1 << 24), path);
}

std::vector<std::pair<std::string, std::string>> config_values(const StudyConfig& config) {
  std::vector<std::pair<std::string, std::string>> values;
  visit_config(config, [&](std::string_view group, const char* key, const auto& member) {
    values.emplace_back(full_key(group, key), as_text(member));
  });
  return values;
}

}  // namespace palimpsest
