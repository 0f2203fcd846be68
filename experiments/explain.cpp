#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/csv.h"
#include "base/error.h"
#include "base/npy.h"
#include "base/progress.h"
#include "data/loader.h"
#include "experiments/command.h"
#include "experiments/explain.h"
#include "experiments/explain/gallery.h"
#include "experiments/explain/targets.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "lrp/explain.h"
#include "lrp/heatmap.h"
#include "nn/batch_upload.h"
#include "nn/inference.h"

namespace palimpsest::experiments {

namespace {

// What the darkest and the brightest pixel become; arrays: hold pixels normalised in the same way.
lrp::InputRange range_of(const Normalisation& normalisation) {
  lrp::InputRange range;
  for (std::size_t c = 0; c < 3; ++c) {
    range.low[c] = (0 - normalisation.mean[c]) * normalisation.scale[c];
    range.high[c] = (255 - normalisation.mean[c]) * normalisation.scale[c];
  }
  return range;
}

// What Outlets reads of an explanation.
lrp::MapsWanted maps_wanted(const ExplainCommand& command) {
  lrp::MapsWanted wanted;
  wanted.raw = !command.maps.empty() && (!command.sum_channels || !command.minus.empty());
  wanted.normalised.reset();
  if (!command.pictures.empty() || !command.masks.empty()) wanted.normalised = command.relevance.normalise;
  return wanted;
}

// One model with its explainer, and a trace for each batch size (the last batch may be smaller).
class Explained {
 public:
  Explained(const ExplainCommand& command, const OpenedData& data, const fs::path& weights)
      : model_(load_model(command.on, weights, data)),
        explainer_(*model_.network, lrp::composite_named(command.relevance.rules),
                   lrp::dialect_named(command.relevance.dialect), range_of(normalisation(command))),
        wanted_(maps_wanted(command)) {}

  Normalisation normalisation(const ExplainCommand& command) const {
    return normalisation_for(command.data, model_.notes);
  }
  const nn::Architecture& architecture() const { return model_.network->architecture(); }
  const Model& model() const { return model_; }
  const lrp::Ledger& ledger() const { return ledger_; }
  void require_no_overflow(const ExplainCommand& command, const data::Examples& examples) {
    nn::require_no_overflow(*model_.network, examples, normalisation(command));
  }

  std::vector<float> forward(const data::Batch& batch) {
    auto at = traces_.find(batch.count);
    if (at == traces_.end()) at = traces_.emplace(batch.count, model_.network->make_trace(batch.count, 0)).first;
    trace_ = &at->second;
    nn::upload_images(*model_.device, batch, trace_->input());
    model_.network->forward(*trace_);
    return model_.device->download(trace_->logits());
  }
  // requires: forward() has run on the batch
  lrp::Explanation explain(std::span<const lrp::Targets> targets) {
    lrp::Explanation explanation = explainer_.explain(*trace_, targets, wanted_);
    ledger_.add(explanation.ledger);
    return explanation;
  }

 private:
  Model model_;
  lrp::Explainer explainer_;
  lrp::MapsWanted wanted_;
  std::map<int, nn::Trace> traces_;
  nn::Trace* trace_ = nullptr;
  lrp::Ledger ledger_;
};

void require_same_pictures(const ExplainCommand& command, const Explained& a, const Explained& b) {
  if (a.architecture().size != b.architecture().size)
    throw Error(fmt::format("{} takes images of {} pixels, {} of {}", command.model.weights.string(),
                            a.architecture().size, command.minus.string(), b.architecture().size),
                "compare two models that take the same images");
  if (normalisation_name(command.data, a.model().notes) != normalisation_name(command.data, b.model().notes))
    throw Error(fmt::format("{} and {} expect differently normalised images", command.model.weights.string(),
                            command.minus.string()),
                "compare two models of the same origin, or name one --normalisation for both");
}

// The targets as the second model numbers them. Throws Error for a class that it does not have.
std::vector<lrp::Targets> renumbered(std::vector<lrp::Targets> targets, const std::vector<int>& to, const Model& a,
                                     const Model& b) {
  for (auto& classes : targets)
    for (int& target : classes) {
      const int other = to[std::size_t(target)];
      if (other < 0)
        throw Error(fmt::format("{} does not have the class {} of {}: its classes are {}, those of the first {}",
                                b.weights.string(), a.notes.classes[std::size_t(target)], a.weights.string(),
                                list_text(b.notes.classes), list_text(a.notes.classes)),
                    "give another --target, or compare two models that both have the class");
      target = other;
    }
  return targets;
}

// --target true asks for labels, the index of the gallery shows them, and a class called by its name may be one of data
// whose classes the weights have without naming them.
Labels labels_for(const ExplainCommand& command) {
  const std::string& target = command.target;
  if (target == "true") return Labels::needed;
  const bool named =
      target != "predicted" && target != "all" && target.find_first_not_of("0123456789, ") < target.size();
  return named || !command.pictures.empty() ? Labels::welcome : Labels::unused;
}

nlohmann::ordered_json to_json(const lrp::Ledger& ledger) {
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
                                    const data::Examples& examples) {
  std::vector<std::int64_t> shape{examples.count()};
  if (targets.all()) shape.push_back(targets.count());
  if (!command.sum_channels) shape.push_back(3);
  shape.push_back(examples.height());
  shape.push_back(examples.width());
  return shape;
}

// The maps of image i and target t of an explanation of n images, and the logit that they start at.
struct OneMap {
  std::span<const float> raw, summed, normalised;
  float logit;
  OneMap(const lrp::Explanation& all, std::size_t t, std::size_t i, std::size_t n, std::span<const float> logits,
         int target)
      : raw(part(all.maps, t, i, n)),
        summed(part(all.summed, t, i, n)),
        normalised(part(all.normalised, t, i, n)),
        logit(of_image(logits, i, n)[std::size_t(target)]) {}

 private:
  using Maps = std::vector<std::vector<float>>;
  // Empty where the explanation has none.
  static std::span<const float> part(const Maps& all, std::size_t t, std::size_t i, std::size_t n) {
    return all.empty() ? std::span<const float>() : of_image(all[t], i, n);
  }
  static std::span<const float> of_image(std::span<const float> values, std::size_t i, std::size_t n) {
    return values.subspan(i * (values.size() / n), values.size() / n);
  }
};

// Writes the maps of a batch to the arrays, the table and the gallery.
class Outlets {
 public:
  Outlets(const ExplainCommand& command, const LoadedPart& part, const TargetChoice& targets,
          const Normalisation& normalisation)
      : command_(command),
        examples_(*part.examples),
        height_(part.examples->height()),
        width_(part.examples->width()),
        gallery_(command, part, normalisation) {
    auto shape = map_shape(command, targets, examples_);
    if (!command.maps.empty()) maps_.emplace(command.maps, shape);
    if (!command.sum_channels) shape.erase(shape.end() - 3);
    if (!command.shares.empty()) shares_.emplace(command.shares, shape);
    table_ = command.minus.empty() ? "id,label,target,logit_a,total_a\n"
                                   : "id,label,target,logit_a,total_a,logit_b,total_b\n";
  }

  // One image and one target. b: of the second model, or null
  void add(int index, int target, const OneMap& a, const OneMap* b) {
    if (maps_) add_to_array(a, b);
    const SummedMap map_a = as_map(a), map_b = b ? as_map(*b) : SummedMap{};
    if (shares_) shares_->append(lrp::difference_of_shares(map_a.raw, map_b.raw).values);
    add_to_table(index, target, map_a, b ? &map_b : nullptr);
    if (!command_.pictures.empty() || !command_.masks.empty()) gallery_.add(index, target, map_a, b ? &map_b : nullptr);
  }

  void finish() {
    if (maps_) maps_->commit();
    if (shares_) shares_->commit();
    if (!command_.table.empty()) write_file(command_.table, table_);
    gallery_.finish();
    if (inverted_ > 0 && command_.target != "all")
      remark(fmt::format("The maps of {} of {} images are inverted: a logit that they start at is not positive.{}",
                         inverted_, examples_.count(), command_.table.empty() ? " --table lists the logits." : ""));
  }

 private:
  void add_to_table(int index, int target, const SummedMap& a, const SummedMap* b) {
    table_ += fmt::format("{},{},{},{},{}", csv_field(examples_.id(index)), examples_.label(index), target, a.logit,
                          a.raw.total());
    if (b) table_ += fmt::format(",{},{}", b->logit, b->raw.total());
    table_ += "\n";
    inverted_ += a.inverted() || (b && b->inverted()) ? 1 : 0;
  }
  void add_to_array(const OneMap& a, const OneMap* b) {
    if (!b) return maps_->append(command_.sum_channels ? a.summed : a.raw);
    std::vector<float> raw(a.raw.begin(), a.raw.end());
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] -= b->raw[i];
    maps_->append(command_.sum_channels ? lrp::sum_channels(raw, height_, width_).values : raw);
  }
  SummedMap as_map(const OneMap& one) const {
    const auto map = [this](std::span<const float> values) {
      return lrp::Heatmap{width_, height_, {values.begin(), values.end()}};
    };
    return {map(one.summed), map(one.normalised), one.logit};
  }

  const ExplainCommand& command_;
  const data::Examples& examples_;
  int height_, width_, inverted_ = 0;
  std::optional<NpyWriter> maps_, shares_;
  std::string table_;
  Gallery gallery_;
};

}  // namespace

void run_explain(const ExplainCommand& command) {
  if (command.maps.empty() && command.shares.empty() && command.table.empty() && command.ledger.empty() &&
      command.pictures.empty())
    throw Error("explain has nothing to write",
                "give --maps R.npy, --table T.csv, --ledger L.json or --pictures FOLDER");
  if (!command.shares.empty() && command.minus.empty())
    throw Error("--shares is a difference of two models' maps", "name the second model with --minus");
  auto read = files_read(command.model.weights, command.data);
  read.push_back({"--minus", command.minus});
  require_separate(read, {{"--maps", command.maps},
                          {"--shares", command.shares},
                          {"--table", command.table},
                          {"--ledger", command.ledger}});
  const OpenedData data(command.data);
  Explained a(command, data, command.model.weights);
  std::optional<Explained> b;
  std::vector<int> numbers_of_b;
  if (!command.minus.empty()) {
    require_same_pictures(command, a, b.emplace(command, data, command.minus));
    numbers_of_b = classes_of_other(a.model(), b->model());
  }
  const LoadedPart part = load_part(data, a.model(), labels_for(command), command.on.threads, command.ids);
  const auto& examples = part.examples;
  const TargetChoice choice(command.target, examples->count(), a.architecture().classes, part.classes);
  if (b)  // now, not after an hour of work: every class that may be used
    renumbered({choice.possible(*examples)}, numbers_of_b, a.model(), b->model());
  a.require_no_overflow(command, *examples);
  if (b) b->require_no_overflow(command, *examples);
  Outlets outlets(command, part, choice, a.normalisation(command));

  const int batch_size = std::max(1, command.batch / choice.count());  // each target keeps its own relevance in memory
  nn::for_each_batch(examples, batch_size, a.normalisation(command), "Explaining",
                     [&](const data::Batch& batch, int first) {
                       const std::vector<float> logits = a.forward(batch);
                       const auto targets = choice.of(batch, first, logits);
                       const lrp::Explanation of_a = a.explain(targets);
                       std::optional<lrp::Explanation> of_b;
                       std::vector<float> logits_of_b;
                       std::vector<lrp::Targets> targets_of_b;
                       if (b) {
                         logits_of_b = b->forward(batch);
                         targets_of_b = renumbered(targets, numbers_of_b, a.model(), b->model());
                         of_b = b->explain(targets_of_b);
                       }
                       const auto n = std::size_t(batch.count);
                       for (std::size_t i = 0; i < n; ++i)
                         for (std::size_t t = 0; t < targets.size(); ++t) {
                           const OneMap one(of_a, t, i, n, logits, targets[t][i]);
                           std::optional<OneMap> other;
                           if (of_b) other.emplace(*of_b, t, i, n, logits_of_b, targets_of_b[t][i]);
                           outlets.add(first + int(i), targets[t][i], one, other ? &*other : nullptr);
                         }
                     });
  outlets.finish();
  if (command.ledger.empty()) return;
  auto ledger = to_json(a.ledger());
  if (b) ledger["minus"] = to_json(b->ledger());
  write_file(command.ledger, ledger.dump(1) + "\n");
}

Command explain_command() {
  return make_command("explain", "Relevance maps, differences of two models, heatmaps, ledger",
                      std::string(what_is_read) +
                          "Example:\n"
                          "  palimpsest explain --weights W.safetensors --data arrays:x.npy --target 3,6 --rules study "
                          "--dialect zennit \\\n"
                          "      --maps R.npy --ledger L.json",
                      run_explain);
}

}  // namespace palimpsest::experiments
