#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/npy.h"
#include "base/progress.h"
#include "data/loader.h"
#include "data/source.h"
#include "experiments/commands.h"
#include "experiments/explain/gallery.h"
#include "experiments/explain/targets.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "lrp/explain.h"
#include "lrp/heatmap.h"

namespace palimpsest {

namespace {

// What the darkest and the brightest pixel become; arrays: hold pixels normalised in the same way.
InputRange range_of(const Normalisation& normalisation) {
  InputRange range;
  for (std::size_t c = 0; c < 3; ++c) {
    range.low[c] = (0 - normalisation.mean[c]) * normalisation.scale[c];
    range.high[c] = (255 - normalisation.mean[c]) * normalisation.scale[c];
  }
  return range;
}

// One model with its explainer, and a trace for each batch size (the last batch may be smaller).
class Explained {
 public:
  Explained(const ExplainCommand& command, const fs::path& weights)
      : model_(load_model(command.on, weights)),
        explainer_(*model_.network, composite_named(command.rules), dialect_named(command.dialect),
                   range_of(normalisation(command))) {}

  Normalisation normalisation(const ExplainCommand& command) const {
    return normalisation_for(command.data, model_.notes);
  }
  const Architecture& architecture() const { return model_.network->architecture(); }
  const Model& model() const { return model_; }
  const Ledger& ledger() const { return ledger_; }

  std::vector<float> forward(const Batch& batch) {
    auto at = traces_.find(batch.count);
    if (at == traces_.end()) at = traces_.emplace(batch.count, model_.network->make_trace(batch.count, 0)).first;
    trace_ = &at->second;
    model_.device->upload(trace_->input(), batch.images);
    model_.network->forward(*trace_);
    return model_.device->download(trace_->logits());
  }
  // requires: forward() has run on the batch
  std::vector<std::vector<float>> maps(std::span<const Targets> targets) {
    Explanation explanation = explainer_.explain(*trace_, targets);
    ledger_.add(explanation.ledger);
    return std::move(explanation.maps);
  }

 private:
  Model model_;
  Explainer explainer_;
  std::map<int, Trace> traces_;
  Trace* trace_ = nullptr;
  Ledger ledger_;
};

void require_same_task(const ExplainCommand& command, const Explained& a, const Explained& b) {
  const Architecture &x = a.architecture(), &y = b.architecture();
  if (x.size != y.size || x.classes != y.classes)
    throw Error(fmt::format("{} and {} take other images or tell other classes apart", command.weights.string(),
                            command.minus.string()),
                "compare two models of the same task");
  if (normalisation_name(command.data, a.model().notes) != normalisation_name(command.data, b.model().notes))
    throw Error(
        fmt::format("{} and {} expect differently normalised images", command.weights.string(), command.minus.string()),
        "compare two models of the same origin, or name one --normalisation for both");
}

// The examples to explain: all of a part, or those whose ids are named, in their order.
std::shared_ptr<const Examples> examples_for(const ExplainCommand& command, const Architecture& a) {
  const bool arrays = parse_source(command.data.name).scheme == Scheme::arrays;
  if (arrays && !command.ids.empty())
    throw Error("--ids names images of a data set, which arrays: is not", "leave --ids out, or cut the arrays");
  if (command.ids.empty()) return load_part(command.data, a.size, arrays ? 0 : a.classes, command.on.threads).examples;
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
  return {{"logits", ledger.logits()}, {"pixels", ledger.pixels()}, {"layers", std::move(layers)}};
}

std::vector<std::int64_t> map_shape(const ExplainCommand& command, const TargetChoice& targets,
                                    const Examples& examples) {
  std::vector<std::int64_t> shape{examples.count()};
  if (targets.all()) shape.push_back(targets.count());
  if (!command.sum_channels) shape.push_back(3);
  shape.push_back(examples.height());
  shape.push_back(examples.width());
  return shape;
}

// What becomes of the maps of one batch: they go to the array, and to the gallery.
class Outlets {
 public:
  Outlets(const ExplainCommand& command, std::shared_ptr<const Examples> examples, const TargetChoice& targets,
          const Normalisation& normalisation)
      : command_(command),
        height_(examples->height()),
        width_(examples->width()),
        gallery_(command, examples, normalisation) {
    if (!command.maps.empty()) maps_.emplace(command.maps, map_shape(command, targets, *examples));
  }

  // One image and one target; b: raw relevance of the second model, or empty.
  void add(int index, int target, std::span<const float> a, std::span<const float> b) {
    if (maps_) {
      std::vector<float> raw(a.begin(), a.end());
      for (std::size_t i = 0; i < b.size(); ++i) raw[i] -= b[i];
      maps_->append(command_.sum_channels ? sum_channels(raw, height_, width_).values : raw);
    }
    if (command_.pictures.empty() && command_.masks.empty()) return;
    const Heatmap map_b = b.empty() ? Heatmap{} : sum_channels(b, height_, width_);
    gallery_.add(index, target, sum_channels(a, height_, width_), b.empty() ? nullptr : &map_b);
  }

  void finish() {
    if (maps_) maps_->commit();
    gallery_.finish();
  }

 private:
  const ExplainCommand& command_;
  int height_, width_;
  std::optional<NpyWriter> maps_;
  Gallery gallery_;
};

}  // namespace

void run_explain(const ExplainCommand& command) {
  if (command.maps.empty() && command.ledger.empty() && command.pictures.empty())
    throw Error("explain was not told what to write", "give --maps R.npy, --ledger L.json or --pictures FOLDER");
  Explained a(command, command.weights);
  std::optional<Explained> b;
  if (!command.minus.empty()) require_same_task(command, a, b.emplace(command, command.minus));
  const auto examples = examples_for(command, a.architecture());
  const TargetChoice choice(command.target, examples->count(), a.architecture().classes);
  Outlets outlets(command, examples, choice, a.normalisation(command));

  LoaderOptions loading;
  loading.batch = std::max(1, command.batch / choice.count());  // each target has relevance of its own in memory
  loading.shuffle = false;
  loading.normalisation = a.normalisation(command);
  Loader loader(examples, loading);
  loader.start_epoch(0);
  Progress progress("Explaining", examples->count());
  const auto values = 3 * std::size_t(examples->height()) * std::size_t(examples->width());
  Batch batch;
  for (int first = 0; loader.next(batch); first += batch.count) {
    check_interrupt();
    const auto targets = choice.of(batch, first, a.forward(batch));
    const auto of_a = a.maps(targets);
    std::vector<std::vector<float>> of_b;
    if (b) {
      b->forward(batch);
      of_b = b->maps(targets);
    }
    for (int i = 0; i < batch.count; ++i)
      for (std::size_t t = 0; t < targets.size(); ++t) {
        const auto part = [&](const std::vector<float>& maps) {
          return std::span(maps).subspan(std::size_t(i) * values, values);
        };
        outlets.add(first + i, targets[t][std::size_t(i)], part(of_a[t]), b ? part(of_b[t]) : std::span<const float>{});
      }
    progress.advance(batch.count);
  }
  outlets.finish();
  if (command.ledger.empty()) return;
  auto ledger = to_json(a.ledger());
  if (b) ledger["minus"] = to_json(b->ledger());
  write_file(command.ledger, ledger.dump(1) + "\n");
}

}  // namespace palimpsest
