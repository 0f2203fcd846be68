#include "experiments/labels.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/class_names.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/progress.h"

namespace palimpsest::experiments {

namespace {

// Which classes of the set its samples have.
std::vector<std::string> classes_in_use(const data::Dataset& set, std::vector<int>& numbers) {
  std::vector<std::string> names;
  numbers.assign(set.classes.size(), -1);
  const auto counts = data::class_counts(set);
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] > 0) {
      numbers[c] = int(names.size());
      names.push_back(set.classes[c]);
    }
  return names;
}

void check_unlabelled(data::Dataset& set, Labels labels) {
  const auto unlabelled = [](const data::Sample& s) { return s.label < 0; };
  const auto all = std::ptrdiff_t(set.samples.size()), missing = std::ranges::count_if(set.samples, unlabelled);
  if (missing == 0) return;
  if (missing == all || labels == Labels::needed)
    throw Error(fmt::format("{} has no label for {} of its {} images", set.name, missing, all),
                "pictures without labels can be predicted (palimpsest predict) and explained with --target predicted");
  std::erase_if(set.samples, unlabelled);
  remark(fmt::format("{}: {} of {} images have no label and are left out.", set.name, missing, all));
}

void say_unlabelled(const data::Dataset& set) {
  const auto missing = std::ranges::count_if(set.samples, [](const data::Sample& s) { return s.label < 0; });
  if (missing > 0)
    remark(fmt::format("{}: {} of {} images have no label; theirs is -1.", set.name, missing, set.samples.size()));
}

std::string numbered(const std::vector<std::string>& names, const std::vector<int>& to) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < names.size() && parts.size() < 12; ++i)
    if (to[i] >= 0) parts.push_back(fmt::format("{} is {}", names[i], to[i]));
  return fmt::format("{}{}", fmt::join(parts, ", "), names.size() > 12 ? ", ..." : "");
}

bool none_of(const ClassMap& map) {
  return std::ranges::all_of(map.to, [](int to) { return to < 0; });
}

void say_match(const data::Dataset& set, const Model& model, const std::vector<std::string>& names,
               const ClassMap& map) {
  const auto& ours = model.notes.classes;
  if (map.identity(ours.size()) && map.other_name.empty()) return;
  if (none_of(map)) return;
  const auto other = other_names_text(map);
  remark(fmt::format("{}: classes are matched by name with the {} of {}: {}{}.", set.name, ours.size(),
                     model.weights.string(), numbered(names, map.to), other.empty() ? "" : "; " + other));
}

void refuse_unknown(const data::Dataset& set, const Model& model, const std::vector<std::string>& names,
                    const ClassMap& map) {
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (map.to[i] < 0) unknown.push_back(names[i]);
  if (unknown.empty()) return;
  const bool none = unknown.size() == names.size();
  throw Error(
      fmt::format("{} has the {} {}, which {} does not have: the classes of the data are {}, those of the "
                  "weights {}",
                  set.name, unknown.size() == 1 ? "class" : "classes", list_text(unknown), model.weights.string(),
                  list_text(set.classes), list_text(model.notes.classes)),
      none ? "give data with the weights' classes, or weights with the data's"
           : fmt::format("leave them out with --drop-classes {}, or give other weights", fmt::join(unknown, ",")));
}

void say_unknown(const data::Dataset& set, const Model& model, const std::vector<int>& to) {
  std::vector<std::string> unknown;
  std::int64_t images = 0;
  const auto counts = data::class_counts(set);
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] > 0 && to[c] < 0) {
      unknown.push_back(set.classes[c]);
      images += counts[c];
    }
  if (!unknown.empty())
    remark(fmt::format("{}: {} images of classes that {} does not have ({}) have the label -1.", set.name, images,
                       model.weights.string(), list_text(unknown)));
}

// For each class of the set its number in the weights.
std::vector<int> match_by_name(const data::Dataset& set, const Model& model, Labels labels) {
  std::vector<int> in_use;
  const auto names = classes_in_use(set, in_use);
  const ClassMap map = match_classes(names, model.notes.classes, set.name);
  if (labels != Labels::welcome) refuse_unknown(set, model, names, map);
  say_match(set, model, names, map);
  std::vector<int> to(set.classes.size(), -1);
  for (std::size_t c = 0; c < to.size(); ++c)
    if (in_use[c] >= 0) to[c] = map.to[std::size_t(in_use[c])];
  return to;
}

// For weights without names. Empty if the numbers of classes differ.
std::vector<int> match_by_position(const data::Dataset& set, const Model& model, Labels labels) {
  const int outputs = model.network->architecture().classes;
  if (outputs == 0) {
    remark(fmt::format("{} has no classifier: labels are -1.", model.weights.string()));
    return {};
  }
  std::vector<int> to(set.classes.size());
  std::iota(to.begin(), to.end(), 0);
  if (int(set.classes.size()) == outputs) {
    remark(
        fmt::format("{} does not name its classes: they are assumed to be those of {} in their order ({}). "
                    "--class-names names them.",
                    model.weights.string(), set.name, list_text(set.classes)));
    return to;
  }
  if (labels != Labels::welcome)
    throw Error(fmt::format("{} has {} classes without names, and {} has {} ({})", model.weights.string(), outputs,
                            set.name, set.classes.size(), list_text(set.classes)),
                "name the weights' classes in their order: --class-names a,b,c, or @FILE with one name per line");
  remark(
      fmt::format("{} has {} classes without names, and {} has {}: labels are -1. --class-names "
                  "names them.",
                  model.weights.string(), outputs, set.name, set.classes.size()));
  return {};
}

}  // namespace

int class_named(const std::string& given, int classes, const std::vector<std::string>& names, const char* option) {
  const std::string text(without_blanks(given));
  const int by_name = names.empty() ? -1 : find_class(text, names, option);
  int number = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) {
    if (by_name >= 0 && names[std::size_t(by_name)] != text)
      remark(fmt::format("{} {} is the class {}.", option, text, names[std::size_t(by_name)]));
    return by_name;
  }
  if (by_name >= 0 && by_name != number)
    remark(fmt::format("{} {} is interpreted as a number{}; the class called {} has the number {}.", option, text,
                       number < int(names.size()) ? fmt::format(" (class {})", names[std::size_t(number)]) : "", text,
                       by_name));
  return number >= 0 && number < classes ? number : -1;
}

std::string list_text(const std::vector<std::string>& names) {
  constexpr std::size_t most = 20;
  if (names.size() <= most) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{}, ... ({} in all)", fmt::join(names.begin(), names.begin() + most, ", "), names.size());
}

std::vector<std::string> output_names(const fs::path& weights, const nn::ModelNotes& notes, int outputs,
                                      const std::vector<std::string>& given) {
  const auto option = class_names_from(given, "--class-names");
  if (outputs == 0) return {};  // convolutions only
  auto own = notes.classes;
  if (!own.empty() && int(own.size()) != outputs) {
    remark(fmt::format("{} names {} classes, but has {} outputs: its names are not used.", weights.string(), own.size(),
                       outputs));
    own.clear();
  }
  require_distinct_names(own, weights.string());
  if (own.empty() && !option.empty() && int(option.size()) != outputs)
    throw Error(
        fmt::format("--class-names names {} classes, but {} has {} outputs", option.size(), weights.string(), outputs),
        "give a name for each output, in their order");
  if (!own.empty() && !option.empty() && own != option)
    remark(
        fmt::format("{} names its own classes ({}): --class-names is not used for it (palimpsest weights --class-names "
                    "... --out writes others).",
                    weights.string(), list_text(own)));
  return own.empty() ? option : own;
}

data::Dataset labelled_for(data::Dataset set, const Model& model, Labels labels) {
  if (labels == Labels::needed || labels == Labels::labelled_only) check_unlabelled(set, labels);
  if (labels == Labels::welcome) say_unlabelled(set);
  if (labels == Labels::unused || set.classes.empty()) {
    set.classes = model.notes.classes;
    return set;
  }
  std::vector<int> to;
  if (model.notes.classes.empty()) {
    to = match_by_position(set, model, labels);
    if (to.empty()) set.classes.clear();
  } else {
    try {
      to = match_by_name(set, model, labels);
      say_unknown(set, model, to);
    } catch (const Error& error) {
      if (labels != Labels::welcome) throw;
      remark(fmt::format("{}: labels are -1.", error.what()));
    }
    set.classes = model.notes.classes;
  }
  for (auto& sample : set.samples)
    if (sample.label >= 0) sample.label = to.empty() ? -1 : to[std::size_t(sample.label)];
  return set;
}

std::vector<int> classes_of_other(const Model& a, const Model& b) {
  const int outputs = a.network->architecture().classes;
  const auto &x = a.notes.classes, &y = b.notes.classes;
  if (a.named_by_option && b.named_by_option)
    remark(fmt::format("Neither {} nor {} names its classes: --class-names is used for both.", a.weights.string(),
                       b.weights.string()));
  if (!x.empty() && !y.empty()) {
    const ClassMap map = match_classes(x, y, b.weights.string());
    if (const auto other = other_names_text(map); !map.identity(y.size()) || !other.empty())
      remark(fmt::format("Classes of {} and {} are matched by name: {}{}.", a.weights.string(), b.weights.string(),
                         none_of(map) ? "none is in both" : numbered(x, map.to), other.empty() ? "" : "; " + other));
    return map.to;
  }
  if (outputs != b.network->architecture().classes)
    throw Error(
        fmt::format("{} has {} classes, {} {}", a.weights.string(), outputs, b.weights.string(),
                    b.network->architecture().classes),
        x.empty() && y.empty()
            ? "name the classes of each: palimpsest weights FILE --class-names a,b,c --out NAMED.safetensors"
            : "compare two models of the same task, or name the classes of the one without names: --class-names a,b,c");
  remark(fmt::format("{} does not name its classes: those of {} and {} are matched by their numbers.",
                     x.empty() ? a.weights.string() : b.weights.string(), a.weights.string(), b.weights.string()));
  std::vector<int> to(static_cast<std::size_t>(outputs));
  std::iota(to.begin(), to.end(), 0);
  return to;
}

}  // namespace palimpsest::experiments
