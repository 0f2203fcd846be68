#include "experiments/load_data.h"

#include <fmt/ranges.h>

#include <thread>

#include "base/csv.h"
#include "base/error.h"
#include "base/progress.h"
#include "data/arrays.h"
#include "data/pictures.h"
#include "data/source.h"

namespace palimpsest {

int effective_threads(int threads) {
  return threads > 0 ? threads : int(std::max(1u, std::thread::hardware_concurrency()));
}

Selected select_data(const DataChoice& choice) {
  const Source source = parse_source(choice.name);
  Selection selection;
  selection.seed = choice.split_seed;
  selection.emotion.drop_classes = choice.drop_classes;
  selection.emotion.validation_share = choice.validation_share;
  selection.pain.test_participants = choice.test_participants;
  selection.pain.validation = choice.pain_validation;
  selection.pain.train = choice.pain_images - choice.pain_validation;
  Selected selected = read_and_select(source, selection);
  for (const auto& warning : selected.warnings) remark("Note: " + warning);
  return selected;
}

Dataset part_of(const Selected& selected, const std::string& part) {
  const Splits& parts = selected.parts;
  if (part == "train") return parts.train;
  if (part == "validation") return parts.validation;
  if (part == "test") return parts.test;
  if (part != "all")
    throw Error(fmt::format("there is no part '{}'", part), "give --part train, validation, test or all");
  Dataset all = parts.train;
  for (const Dataset* more : {&parts.validation, &parts.test}) {
    if (all.classes.empty()) all.classes = more->classes;
    if (all.name.empty()) all.name = more->name;
    all.samples.insert(all.samples.end(), more->samples.begin(), more->samples.end());
    all.skipped.insert(all.skipped.end(), more->skipped.begin(), more->skipped.end());
  }
  return all;
}

namespace {
void tell_skipped(const Dataset& dataset, const fs::path& list) {
  if (dataset.skipped.empty()) return;
  const auto& first = dataset.skipped.front();
  remark(fmt::format("{}: {} entries were skipped, the first is {} ({}){}", dataset.name, dataset.skipped.size(),
                     first.id, first.reason, list.empty() ? "" : "; all are listed in " + list.string()));
  if (list.empty()) return;
  std::string text = "id,reason\n";
  for (const auto& one : dataset.skipped) text += csv_field(one.id) + "," + csv_field(one.reason) + "\n";
  write_file(list, text);
}
}  // namespace

std::shared_ptr<const Examples> load_pictures_of(const Dataset& dataset, const DataChoice& choice, int size,
                                                 int threads, const fs::path& skipped) {
  PictureOptions options;
  options.size = choice.size.value_or(size);
  if (options.size != size)
    throw Error(fmt::format("--size {} does not fit these weights, which take {} x {}", options.size, size, size),
                "leave --size out, or give other weights");
  options.crop = {parse_crop(choice.crop), choice.margin, choice.bottom_cut};
  options.cache_folder = choice.cache;
  options.threads = effective_threads(threads);
  auto pictures = load_pictures(dataset, options);
  tell_skipped(pictures->dataset(), skipped);
  return pictures;
}

LoadedPart load_part(const DataChoice& choice, int size, int classes, int threads) {
  const Source source = parse_source(choice.name);
  if (source.scheme == Scheme::arrays) {
    auto arrays = read_arrays(source, classes);
    if (arrays->height() != size || arrays->width() != size)
      throw Error(fmt::format("{} holds {} x {} images, but the weights take {} x {}", source.path.string(),
                              arrays->height(), arrays->width(), size, size),
                  "give arrays of that size, or other weights");
    return {arrays, {}, true};
  }
  const Dataset dataset = part_of(select_data(choice), choice.part);
  if (dataset.samples.empty())
    throw Error(fmt::format("{} has no images in its part '{}'", choice.name, choice.part),
                "give another --part, or --part all");
  if (classes > 0 && !dataset.classes.empty() && int(dataset.classes.size()) > classes)
    throw Error(
        fmt::format("{} has {} classes, but the weights tell {} apart", choice.name, dataset.classes.size(), classes),
        "give other weights, or leave classes out with --drop-classes");
  return {load_pictures_of(dataset, choice, size, threads), dataset.classes, false};
}

}  // namespace palimpsest
