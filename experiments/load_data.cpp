#include "experiments/load_data.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "base/csv.h"
#include "base/error.h"
#include "base/progress.h"
#include "data/arrays.h"
#include "data/pictures.h"
#include "data/source.h"
#include "experiments/command.h"

namespace palimpsest::experiments {

int effective_threads(int threads) {
  return threads > 0 ? threads : int(std::max(1u, std::thread::hardware_concurrency()));
}

data::Selected select_data(const DataSettings& choice) {
  const data::Source& source = choice.source;
  data::Selection selection;
  selection.seed = choice.split_seed;
  selection.emotion.drop_classes = choice.drop_classes;
  selection.emotion.validation_share = choice.validation_share;
  selection.emotion.test_share = choice.test_share;
  selection.pain.test_participants = choice.test_participants;
  selection.pain.validation = choice.pain_validation;
  selection.pain.train = choice.pain_images - choice.pain_validation;
  data::Selected selected = data::read_and_select(source, selection);
  for (const auto& warning : selected.warnings) remark("Note: " + warning);
  return selected;
}

data::Dataset part_of(const data::Selected& selected, Part part) {
  const data::Splits& parts = selected.parts;
  if (part == Part::train) return parts.train;
  if (part == Part::validation) return parts.validation;
  if (part == Part::test) return parts.test;
  data::Dataset all = parts.train;
  for (const data::Dataset* more : {&parts.validation, &parts.test}) {
    if (all.classes.empty()) all.classes = more->classes;
    if (all.name.empty()) all.name = more->name;
    all.samples.insert(all.samples.end(), more->samples.begin(), more->samples.end());
    all.skipped.insert(all.skipped.end(), more->skipped.begin(), more->skipped.end());
  }
  return all;
}

namespace {

// "2 x it is not a picture (notes.txt), ..." with the most frequent reasons first.
std::string reasons_text(const std::vector<data::Skipped>& skipped) {
  std::map<std::string, std::vector<const data::Skipped*>> by_reason;
  for (const auto& one : skipped) by_reason[one.reason].push_back(&one);
  std::vector<std::pair<std::string, std::vector<const data::Skipped*>>> reasons(by_reason.begin(), by_reason.end());
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, reasons.size()); ++i)
    text += fmt::format("{}{} x {} ({})", i == 0 ? "" : ", ", reasons[i].second.size(), reasons[i].first,
                        reasons[i].second.front()->id);
  return text + (reasons.size() > most ? ", ..." : "");
}

// `list` is also written when nothing was skipped, to replace an older one.
void tell_skipped(const data::Dataset& dataset, const fs::path& list) {
  if (!dataset.skipped.empty())
    remark(fmt::format("{}: {} left out: {}; {}.", dataset.name,
                       dataset.skipped.size() == 1 ? "1 file or entry is"
                                                   : fmt::format("{} files or entries are", dataset.skipped.size()),
                       reasons_text(dataset.skipped),
                       list.empty() ? "--skipped FILE lists all" : "all are listed in " + list.string()));
  if (list.empty()) return;
  std::string text = "id,reason\n";
  for (const auto& one : dataset.skipped) text += csv_field(one.id) + "," + csv_field(one.reason) + "\n";
  write_file(list, text);
}

}  // namespace

std::shared_ptr<const data::Examples> load_pictures_of(const data::Dataset& dataset, const DataSettings& choice,
                                                       int size, int threads, const fs::path& skipped) {
  data::PictureOptions options;
  options.size = choice.size.value_or(size);
  if (options.size != size)
    throw Error(fmt::format("--size {} does not fit these weights, which take {} x {}", options.size, size, size),
                "omit --size, or give other weights");
  options.crop = {choice.crop, choice.margin, choice.bottom_cut};
  options.orientation = choice.orientation;
  options.cache_folder = choice.cache;
  options.threads = effective_threads(threads);
  auto pictures = data::load_pictures(dataset, options);
  tell_skipped(pictures->dataset(), skipped);
  return pictures;
}

void say_unused_for_arrays(const DataSettings& choice) {
  const DataSettings plain;
  const Fields given = fields_of(choice), standard = fields_of(plain);
  const std::set<std::string> handled{"data", "size", "normalisation", "drop-classes", "class-names"};
  std::vector<std::string> unused;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i].text() != standard[i].text() && !handled.contains(given[i].name))
      unused.push_back("--" + given[i].name);
  if (!unused.empty())
    remark(fmt::format("{} is used unchanged: {} has no effect on it.", choice.source.text, fmt::join(unused, ", ")));
  if (choice.normalisation != plain.normalisation)
    remark(fmt::format("{} is used unchanged: --normalisation only describes its values.", choice.source.text));
  if (!choice.drop_classes.empty())
    throw Error(fmt::format("--drop-classes names classes, but {} has only numbers", choice.source.text),
                "leave those images out of the arrays");
}

void require_size_of_arrays(const DataSettings& choice, const data::Examples& arrays) {
  if (choice.size && *choice.size != arrays.height())
    throw Error(fmt::format("--size {} does not match {}, which holds {} x {} images", *choice.size, choice.source.text,
                            arrays.height(), arrays.width()),
                "omit --size: arrays are not resized");
}

namespace {

LoadedPart load_arrays(const OpenedData& data, const Model& model, Labels labels) {
  const DataSettings& choice = data.settings;
  const data::Source& source = choice.source;
  say_unused_for_arrays(choice);
  const nn::Architecture& a = model.network->architecture();
  const bool needed = labels == Labels::needed || labels == Labels::labelled_only;
  const auto& arrays = data.arrays;
  require_size_of_arrays(choice, *arrays);
  if (arrays->height() != a.size || arrays->width() != a.size)
    throw Error(fmt::format("{} holds {} x {} images, but the weights take {} x {}", source.path.string(),
                            arrays->height(), arrays->width(), a.size, a.size),
                "give arrays of that size, or other weights");
  if (needed && !arrays->labelled())
    throw Error(fmt::format("{} names no labels", choice.source.text),
                "give arrays:X.npy,Y.npy; without labels use palimpsest predict or explain --target predicted");
  if (needed) data::require_labels(*arrays, source, a.classes);
  return {arrays, model.notes.classes};
}

std::string parts_text(const data::Splits& parts) {
  std::vector<std::string> there;
  for (const auto& [name, part] :
       {std::pair{"train", &parts.train}, {"validation", &parts.validation}, {"test", &parts.test}})
    if (!part->samples.empty()) there.push_back(fmt::format("{} ({} images)", name, part->samples.size()));
  return there.empty() ? "no part with images" : fmt::format("{}", fmt::join(there, ", "));
}

data::Dataset only(data::Dataset set, const std::vector<std::string>& ids, Part part) {
  std::map<std::string, data::Sample> by_id;
  for (auto& sample : set.samples) by_id[sample.id] = std::move(sample);
  set.samples.clear();
  set.skipped.clear();
  for (const auto& id : ids) {
    const auto at = by_id.find(id);
    if (at == by_id.end())
      throw Error(fmt::format("{} has no image '{}' in its part '{}'", set.name, id, word_of(part)),
                  "check --ids and --part");
    set.samples.push_back(at->second);
  }
  return set;
}

}  // namespace

std::vector<NamedPath> files_read(const fs::path& weights, const DataSettings& choice) {
  std::vector<NamedPath> files{{"--weights", weights}};
  if (const data::Source& source = choice.source; source.scheme == data::Scheme::arrays)
    files.insert(files.end(), {{"--data", source.path}, {"--data", source.labels}});
  return files;
}

void require_images(const data::Selected& selected, const data::Dataset& part, Part name, const std::string& remedy) {
  if (part.samples.empty())
    throw Error(fmt::format("{} has no images in its part '{}'; it has {}", selected.parts.train.name, word_of(name),
                            parts_text(selected.parts)),
                remedy);
}

LoadedPart load_part(const OpenedData& data, const Model& model, Labels labels, int threads,
                     const std::vector<std::string>& ids) {
  const DataSettings& choice = data.settings;
  const data::Source& source = choice.source;
  if (data.arrays) {
    if (!ids.empty())
      throw Error("--ids does not work with arrays:, whose images have no names", "omit --ids, or cut the arrays");
    return load_arrays(data, model, labels);
  }
  const data::Selected selected = select_data(choice);
  data::Dataset dataset = part_of(selected, choice.part);
  require_images(selected, dataset, choice.part, "give another --part, or --part all");
  // For a set with one list, skipped files are counted with the training part.
  const bool one_list = source.scheme == data::Scheme::folder || source.scheme == data::Scheme::unbc;
  if (one_list && dataset.skipped.empty()) dataset.skipped = selected.parts.train.skipped;
  if (!ids.empty()) dataset = only(std::move(dataset), ids, choice.part);
  dataset = labelled_for(std::move(dataset), model, labels);
  auto pictures = load_pictures_of(dataset, choice, model.network->architecture().size, threads, choice.skipped);
  return {std::move(pictures), dataset.classes};
}

const char* const what_is_read =
    "Data: folder:DIR has one folder of pictures per class, or pictures without labels directly in it.\n"
    "arrays:X.npy[,Y.npy] holds floats (N, 3, H, W), used unchanged, and integers (N), the weights' own "
    "classes;\n"
    "D.npz[x] names an array of an archive, and D.npz alone its arrays x and y.\n"
    "The others are data sets in their distributed layout. Pictures are JPEG, PNG, BMP, TIFF, WebP, GIF or PNM. "
    "Skipped\n"
    "files are counted by reason; --skipped FILE lists them. Classes are matched by name with those of the weights.\n";

}  // namespace palimpsest::experiments
