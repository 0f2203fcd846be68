#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "analysis/region_relevance.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/npy.h"
#include "base/progress.h"
#include "data/drawn/truth.h"
#include "data/loader.h"
#include "data/pictures.h"
#include "experiments/commands.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "lrp/explain.h"
#include "lrp/heatmap.h"

namespace palimpsest {

namespace {

// --target as it is written: one class for all, one for each image, true, predicted or all.
class TargetChoice {
 public:
  TargetChoice(const std::string& text, int images, int classes) : text_(text), classes_(classes) {
    if (text == "true" || text == "predicted" || text == "all") return;
    std::istringstream numbers(text);
    for (std::string one; std::getline(numbers, one, ',');) {
      const long target = parse_integer(one, "--target");
      if (target < 0 || target >= classes)
        throw Error(fmt::format("--target {} is no class of these weights, which tell {} apart", target, classes),
                    fmt::format("give classes from 0 to {}, or true, predicted or all", classes - 1));
      fixed_.push_back(int(target));
    }
    if (fixed_.size() != 1 && fixed_.size() != std::size_t(images))
      throw Error(fmt::format("--target names {} classes for {} images", fixed_.size(), images),
                  "give one class, or one for each image");
  }

  bool all() const { return text_ == "all"; }
  std::size_t count() const { return all() ? std::size_t(classes_) : 1; }

  // For one batch: for each target the class of each image.
  std::vector<Targets> of(const Batch& batch, int first, std::span<const float> logits) const {
    if (all()) {
      std::vector<Targets> targets;
      for (int c = 0; c < classes_; ++c) targets.emplace_back(std::size_t(batch.count), c);
      return targets;
    }
    Targets one;
    for (int i = 0; i < batch.count; ++i) {
      const auto row = logits.subspan(std::size_t(i) * std::size_t(classes_), std::size_t(classes_));
      if (text_ == "predicted")
        one.push_back(int(std::max_element(row.begin(), row.end()) - row.begin()));
      else if (text_ == "true")
        one.push_back(true_class(batch, i, first));
      else
        one.push_back(fixed_.size() == 1 ? fixed_[0] : fixed_[std::size_t(first + i)]);
    }
    return {one};
  }

 private:
  int true_class(const Batch& batch, int i, int first) const {
    const int label = batch.labels[std::size_t(i)];
    if (label < 0 || label >= classes_)
      throw Error(fmt::format("image {} has no usable label, which --target true needs", first + i),
                  "give labels, or --target predicted");
    return label;
  }
  std::string text_;
  int classes_;
  std::vector<int> fixed_;
};

InputRange range_of(const Normalisation& n, bool arrays) {
  InputRange range;
  for (std::size_t c = 0; c < 3; ++c) {
    const Normalisation& used = n;
    range.low[c] = (0 - used.mean[c]) * used.scale[c];
    range.high[c] = (255 - used.mean[c]) * used.scale[c];
  }
  (void)arrays;  // arrays hold normalised pixels
  return range;
}

// One model with its explainer.
struct Side {
  Model model;
  std::unique_ptr<Explainer> explainer;
  std::map<int, Trace> traces;
  Ledger ledger;

  Side(const ExplainCommand& command, const fs::path& weights) : model(load_model(command.on, weights)) {
    explainer =
        std::make_unique<Explainer>(*model.network, composite_named(command.rules), dialect_named(command.dialect),
                                    range_of(normalisation_for(command.data, model.notes), false));
  }
  Trace& forward(const Batch& batch) {
    auto at = traces.find(batch.count);
    if (at == traces.end()) at = traces.emplace(batch.count, model.network->make_trace(batch.count, 0)).first;
    model.device->upload(at->second.input(), batch.images);
    model.network->forward(at->second);
    return at->second;
  }
  std::vector<std::vector<float>> maps(Trace& trace, std::span<const Targets> targets) {
    auto explanation = explainer->explain(trace, targets);
    ledger.add(explanation.ledger);
    return std::move(explanation.maps);
  }
};

// The examples to explain: all of a part, or those whose ids are named.
std::shared_ptr<const Examples> examples_for(const ExplainCommand& command, const Architecture& a) {
  const Source source = parse_source(command.data.name);
  if (source.scheme == Scheme::arrays || command.ids.empty())
    return load_part(command.data, a.size, source.scheme == Scheme::arrays ? 0 : a.classes, command.on.threads)
        .examples;
  Dataset dataset = part_of(select_data(command.data), command.data.part);
  std::map<std::string, Sample> by_id;
  for (const auto& sample : dataset.samples) by_id[sample.id] = sample;
  dataset.samples.clear();
  dataset.skipped.clear();
  for (const auto& id : command.ids) {
    const auto at = by_id.find(id);
    if (at == by_id.end())
      throw Error(fmt::format("{} has no image '{}' in its part '{}'", command.data.name, id, command.data.part),
                  "check --ids and --part");
    dataset.samples.push_back(at->second);
  }
  return load_pictures_of(dataset, command.data, a.size, command.on.threads);
}

// Pictures and their index, and relevance per action unit, for a folder that people look at.
class Gallery {
 public:
  Gallery(const ExplainCommand& command, std::shared_ptr<const Examples> examples)
      : command_(command), examples_(examples), pictures_(std::dynamic_pointer_cast<const Pictures>(examples)) {
    if (!command.pictures.empty()) create_folder(command.pictures);
    if (!command.masks.empty()) {
      truth_ = drawn::load_truth(command.masks);
      if (!truth_)
        throw Error(fmt::format("{} holds no truth of drawn faces", command.masks.string()),
                    "leave --masks out, or name a drawn set");
    }
  }

  void add(int index, int target, const Heatmap& a, const Heatmap* b) {
    if (!command_.pictures.empty()) add_pictures(index, target, a, b);
    if (truth_ && pictures_) add_regions(index, a, b);
  }

  void finish() {
    if (!command_.pictures.empty()) write_file(command_.pictures / "index.json", index_.dump(1) + "\n");
    if (!truth_) return;
    const fs::path folder = command_.maps.empty() ? command_.pictures : command_.maps.parent_path();
    write_file(folder / "regions.json", regions_.dump(1) + "\n");
  }

 private:
  void add_pictures(int index, int target, const Heatmap& a, const Heatmap* b) {
    const auto kind = map_normalisation_named(command_.normalise);
    const auto name = [&](const char* what) { return fmt::format("{:05}-{}.png", index, what); };
    nlohmann::ordered_json entry{{"id", examples_->id(index)}, {"label", examples_->label(index)}, {"target", target}};
    const auto put = [&](const char* key, const Image& image) {
      write_png(command_.pictures / name(key), image);
      entry[key] = name(key);
    };
    if (pictures_) {
      put("input", pictures_->image(index));
      put("overlay", overlay(pictures_->image(index), b ? difference(a, *b) : a));
    }
    put("a", sequential(normalised(a, kind).map));
    entry["total_a"] = a.total();
    if (b) {
      const auto normal = normalised(difference(a, *b), kind);
      put("b", sequential(normalised(*b, kind).map));
      put("difference", diverging(difference(a, *b)));
      put("difference_normalised", sequential(normal.map));
      put("difference_of_shares", diverging(difference_of_shares(a, *b)));
      entry["total_b"] = b->total();
      entry["zero"] = normal.zero;
    }
    index_.push_back(entry);
  }

  void add_regions(int index, const Heatmap& a, const Heatmap* b) {
    const std::string id = examples_->id(index);
    const auto* entry = truth_->find(id);
    if (!entry || entry->mask_row < 0) return;
    nlohmann::ordered_json units = nlohmann::ordered_json::object();
    for (const auto& unit : drawn::action_unit_table()) {
      const auto mask = truth_->mask(id, unit.number, pictures_->crop(index).box, a.width, a.height);
      if (mask.empty()) continue;
      const auto of_a = region_relevance(a.values, mask);
      if (!of_a) continue;
      nlohmann::ordered_json one{{"area", of_a->area_share}, {"a", of_a->positive_share}};
      if (b) {
        if (const auto of_b = region_relevance(b->values, mask)) one["b"] = of_b->positive_share;
        if (const auto of_difference = region_relevance(difference(a, *b).values, mask))
          one["difference"] = of_difference->positive_share;
      }
      units[std::to_string(unit.number)] = one;
    }
    regions_.push_back({{"id", id}, {"au", units}});
  }

  const ExplainCommand& command_;
  std::shared_ptr<const Examples> examples_;
  std::shared_ptr<const Pictures> pictures_;
  std::optional<drawn::Truth> truth_;
  nlohmann::ordered_json index_ = nlohmann::ordered_json::array(), regions_ = nlohmann::ordered_json::array();
};

nlohmann::ordered_json to_json(const Ledger& ledger) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const auto& l : ledger.layers)
    layers.push_back({{"layer", l.layer},
                      {"rule", l.rule},
                      {"relevance_in", l.relevance_in},
                      {"relevance_out", l.relevance_out},
                      {"to_bias", l.to_bias},
                      {"to_stabiliser", l.to_stabiliser},
                      {"to_zero", l.to_zero},
                      {"near_zero", l.near_zero},
                      {"rounding", l.rounding()}});
  return {{"logits", ledger.logits()}, {"pixels", ledger.pixels()}, {"layers", layers}};
}

std::vector<std::int64_t> map_shape(const ExplainCommand& command, const TargetChoice& targets,
                                    const Examples& examples) {
  std::vector<std::int64_t> shape{examples.count()};
  if (targets.all()) shape.push_back(std::int64_t(targets.count()));
  if (!command.sum_channels) shape.push_back(3);
  shape.push_back(examples.height());
  shape.push_back(examples.width());
  return shape;
}

}  // namespace

void run_explain(const ExplainCommand& command) {
  if (command.maps.empty() && command.ledger.empty() && command.pictures.empty())
    throw Error("explain was not told what to write", "give --maps R.npy, --ledger L.json or --pictures FOLDER");
  Side a(command, command.weights);
  std::optional<Side> b;
  if (!command.minus.empty()) b.emplace(command, command.minus);
  const Architecture& architecture = a.model.network->architecture();
  if (b && (b->model.network->architecture().size != architecture.size ||
            b->model.network->architecture().classes != architecture.classes))
    throw Error(fmt::format("{} and {} take other images or tell other classes apart", command.weights.string(),
                            command.minus.string()),
                "compare two models of the same task");
  const auto examples = examples_for(command, architecture);
  const TargetChoice choice(command.target, examples->count(), architecture.classes);
  Gallery gallery(command, examples);
  std::optional<NpyWriter> maps;
  if (!command.maps.empty()) maps.emplace(command.maps, map_shape(command, choice, *examples));

  LoaderOptions loading;
  loading.batch = command.batch;
  loading.shuffle = false;
  loading.normalisation = normalisation_for(command.data, a.model.notes);
  Loader loader(examples, loading);
  loader.start_epoch(0);
  Progress progress("Explaining", examples->count());
  const auto values = 3 * std::size_t(examples->height()) * std::size_t(examples->width());
  Batch batch;
  for (int first = 0; loader.next(batch); first += batch.count) {
    check_interrupt();
    Trace& trace = a.forward(batch);
    const auto logits = a.model.device->download(trace.logits());
    const auto targets = choice.of(batch, first, logits);
    const auto of_a = a.maps(trace, targets);
    std::vector<std::vector<float>> of_b;
    if (b) of_b = b->maps(b->forward(batch), targets);
    for (int i = 0; i < batch.count; ++i)
      for (std::size_t t = 0; t < targets.size(); ++t) {
        const auto part = [&](const std::vector<std::vector<float>>& all) {
          return std::span(all[t]).subspan(std::size_t(i) * values, values);
        };
        std::vector<float> raw(part(of_a).begin(), part(of_a).end());
        if (b)
          for (std::size_t v = 0; v < values; ++v) raw[v] -= part(of_b)[v];
        if (maps)
          maps->append(command.sum_channels ? sum_channels(raw, examples->height(), examples->width()).values : raw);
        if (t > 0) continue;
        const Heatmap map_a = sum_channels(part(of_a), examples->height(), examples->width());
        if (b) {
          const Heatmap map_b = sum_channels(part(of_b), examples->height(), examples->width());
          gallery.add(first + i, targets[t][std::size_t(i)], map_a, &map_b);
        } else {
          gallery.add(first + i, targets[t][std::size_t(i)], map_a, nullptr);
        }
      }
    progress.advance(batch.count);
  }
  if (maps) maps->commit();
  gallery.finish();
  if (command.ledger.empty()) return;
  auto ledger = to_json(a.ledger);
  if (b) ledger["minus"] = to_json(b->ledger);
  write_file(command.ledger, ledger.dump(1) + "\n");
}

}  // namespace palimpsest
