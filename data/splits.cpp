#include "data/splits.h"

#include <algorithm>
#include <cmath>

#include "base/class_names.h"
#include "base/error.h"
#include "base/random.h"

namespace palimpsest::data {

namespace {

// Whether each class of the set is among `names`. Throws Error for a name that the set does not have.
std::vector<bool> named_in(const Dataset& set, const std::vector<std::string>& names) {
  std::vector<bool> named(set.classes.size());
  for (const auto& name : names) {
    const int found = find_class(name, set.classes, set.name);
    if (found < 0)
      throw Error(fmt::format("{} has no class '{}'", set.name, name),
                  set.classes.empty() ? "its pictures have no labels"
                                      : fmt::format("its classes are: {}", fmt::join(set.classes, ", ")));
    named[std::size_t(found)] = true;
  }
  return named;
}

void note_counts(Selected& selected) {
  const auto counts = [](const Dataset& set) {
    std::string text = fmt::format("{}", set.samples.size());
    if (set.samples.empty()) return text;
    const auto n = class_counts(set);
    for (std::size_t c = 0; c < n.size(); ++c)
      text += fmt::format("{}{} {}", c == 0 ? ": " : ", ", set.classes[c], n[c]);
    return text;
  };
  selected.choices.emplace_back("train", counts(selected.parts.train));
  selected.choices.emplace_back("validation", counts(selected.parts.validation));
  selected.choices.emplace_back("test", counts(selected.parts.test));
}

// After the split, so that dropping a class does not move a picture to another part.
void drop_from_parts(Splits& parts, const std::vector<std::string>& drop) {
  if (drop.empty()) return;
  for (Dataset* part : {&parts.train, &parts.validation, &parts.test}) *part = keep_classes(std::move(*part), {}, drop);
}

// Sets without training.
Selected all_in_test(Dataset set) {
  Selected selected;
  for (Dataset* part : {&selected.parts.train, &selected.parts.validation}) {
    part->name = set.name;
    part->folder = set.folder;
    part->classes = set.classes;
  }
  selected.parts.test = std::move(set);
  note_counts(selected);
  return selected;
}

}  // namespace

Dataset keep_classes(Dataset set, const std::vector<std::string>& keep, const std::vector<std::string>& drop) {
  const auto kept = named_in(set, keep), dropped = named_in(set, drop);
  std::vector<int> renumbered(set.classes.size(), -1);
  std::vector<std::string> classes;
  for (std::size_t c = 0; c < set.classes.size(); ++c) {
    if ((!keep.empty() && !kept[c]) || dropped[c]) continue;
    renumbered[c] = int(classes.size());
    classes.push_back(set.classes[c]);
  }
  if (classes.empty() && !set.classes.empty())
    throw Error(fmt::format("none of the classes of {} remains", set.name), "drop fewer classes");
  std::erase_if(set.samples, [&](const Sample& s) { return s.label >= 0 && renumbered[std::size_t(s.label)] < 0; });
  for (auto& sample : set.samples)
    if (sample.label >= 0) sample.label = renumbered[std::size_t(sample.label)];
  set.classes = std::move(classes);
  return set;
}

Splits cut_validation(Dataset set, double share, std::uint64_t seed) {
  if (!(share >= 0 && share < 1))
    throw Error(fmt::format("the validation share {} is not in [0, 1)", share), "the paper's is 0.05");
  const int n = int(set.samples.size()), cut = int(std::floor(share * n));
  std::vector<bool> in_validation(static_cast<std::size_t>(n));
  const auto order = permutation(n, Random(seed, Purpose::split));
  for (int i = 0; i < cut; ++i) in_validation[std::size_t(order[std::size_t(i)])] = true;
  Splits parts;
  for (Dataset* part : {&parts.train, &parts.validation, &parts.test}) {
    part->name = set.name;
    part->folder = set.folder;
    part->classes = set.classes;
  }
  parts.train.skipped = std::move(set.skipped);
  for (std::size_t i = 0; i < set.samples.size(); ++i)
    (in_validation[i] ? parts.validation : parts.train).samples.push_back(std::move(set.samples[i]));
  return parts;
}

Splits cut_test(Dataset set, double share, std::uint64_t seed) {
  Splits parts;
  for (Dataset* part : {&parts.train, &parts.validation, &parts.test}) {
    part->name = set.name;
    part->folder = set.folder;
    part->classes = set.classes;
  }
  std::vector<std::int64_t> wanted;
  for (const std::int64_t count : class_counts(set)) wanted.push_back(std::llround(share * double(count)));
  std::vector<bool> in_test(set.samples.size());
  // Another stream than the validation part's, which is drawn from the rest.
  for (const int i : permutation(int(set.samples.size()), Random(seed, Purpose::split, /*epoch=*/1))) {
    const int label = set.samples[std::size_t(i)].label;
    if (label >= 0 && wanted[std::size_t(label)]-- > 0) in_test[std::size_t(i)] = true;
  }
  parts.train.skipped = std::move(set.skipped);
  for (std::size_t i = 0; i < set.samples.size(); ++i)
    (in_test[i] ? parts.test : parts.train).samples.push_back(std::move(set.samples[i]));
  return parts;
}

Selected select_emotions(ListedSets sets, const EmotionSelection& selection, std::uint64_t seed) {
  Selected selected;
  const std::size_t listed = sets.training.samples.size() + sets.validation.samples.size();
  Dataset training = keep_classes(std::move(sets.training), selection.classes, {});
  Dataset test = keep_classes(std::move(sets.validation), selection.classes, {});
  if (const auto left = listed - training.samples.size() - test.samples.size(); left > 0)
    selected.warnings.push_back(
        fmt::format("{} images of other classes than {} are not used", left, fmt::join(selection.classes, ", ")));
  selected.parts = cut_validation(std::move(training), selection.validation_share, seed);
  selected.parts.test = std::move(test);
  drop_from_parts(selected.parts, selection.drop_classes);
  selected.choices = {{"classes", fmt::format("{}", fmt::join(selected.parts.train.classes, ","))},
                      {"validation_share", fmt::format("{}", selection.validation_share)},
                      {"validation_from", "the training list, at random, not stratified"},
                      {"test_from", "the original validation list"},
                      {"seed", fmt::format("{}", seed)}};
  note_counts(selected);
  return selected;
}

Selected select_concepts(Dataset set) {
  Selected selected = all_in_test(std::move(set));
  selected.choices.insert(selected.choices.begin(), {{"frames", "the peak frame of each sequence"},
                                                     {"label", "action unit listed in the FACS file"}});
  return selected;
}

Selected read_and_select(const Source& source, const Selection& selection) {
  const auto& drop = selection.emotion.drop_classes;
  switch (source.scheme) {
    case Scheme::affectnet:
      return select_emotions(read_affectnet(source.path), selection.emotion, selection.seed);
    case Scheme::affectnet8:
      return select_emotions(read_affectnet8(source.path), selection.emotion, selection.seed);
    case Scheme::unbc: {
      Selected selected =
          select_pain(read_unbc(source.path, selection.pain.pain_above), selection.pain, selection.seed);
      drop_from_parts(selected.parts, drop);
      return selected;
    }
    case Scheme::ckplus:
      return select_concepts(keep_classes(read_ckplus(source.path), {}, drop));
    case Scheme::folder: {
      Dataset set = read_folder(source.path);
      require_distinct_names(set.classes, set.name);
      if (set.classes.empty()) return all_in_test(keep_classes(std::move(set), {}, drop));
      Splits cut = cut_test(std::move(set), selection.emotion.test_share, selection.seed);
      Selected selected;
      selected.parts = cut_validation(std::move(cut.train), selection.emotion.validation_share, selection.seed);
      selected.parts.test = std::move(cut.test);
      drop_from_parts(selected.parts, drop);
      selected.choices = {{"test_share", fmt::format("{}", selection.emotion.test_share)},
                          {"validation_share", fmt::format("{}", selection.emotion.validation_share)},
                          {"seed", fmt::format("{}", selection.seed)}};
      note_counts(selected);
      return selected;
    }
    case Scheme::arrays:
      break;
  }
  throw Error(fmt::format("'{}' cannot be split into parts", source.text),
              "name a data set with parts, such as affectnet:DIR");
}

}  // namespace palimpsest::data
