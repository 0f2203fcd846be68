#include "experiments/study/mitigation.h"

#include <algorithm>

#include "analysis/results_json.h"
#include "base/csv.h"
#include "base/error.h"

namespace palimpsest::experiments {

PALIMPSEST_JSON(MitigatedModel::Class, name, auc, auc_gained)
PALIMPSEST_JSON(MitigatedModel, k, arm, recalls, recall, auc, other_aucs, classes, recall_gained, auc_gained)
PALIMPSEST_JSON(Mitigation, target_classes, dropped, l2_sp, rehearse_images, models)

namespace {

using analysis::Estimate;

std::string name_of(const MeasuredModel& model) {
  return fmt::format("FreezeB{}{}", model.k, model.arm ? " with " + word_of(*model.arm) : "");
}

void require_same_images(const MeasuredModel& a, const MeasuredModel& b) {
  if (a.target.ids == b.target.ids && a.target.labels == b.target.labels && a.source.rows() == b.source.rows()) return;
  throw Error(fmt::format("{} and {} were not measured on the same images", name_of(a), name_of(b)),
              "run again with --redo evaluate --redo features");
}

// The mean over the classes of what `of` gives for each image: an image counts within its class.
template <typename Of>
Estimate mean_over_classes(const analysis::Predictions& p, const Of& of) {
  std::vector<analysis::VariancePart> parts;
  double value = 0;
  for (int c = 0; c < p.classes; ++c) {
    std::vector<double> values;
    for (std::size_t i = 0; i < p.size(); ++i)
      if (p.labels[i] == c) values.push_back(of(i));
    if (values.size() < 2)
      throw Error(fmt::format("the target's test part has {} images of its class {}", values.size(), c),
                  "give it at least two of each class");
    value += analysis::mean_of(values) / p.classes;
    parts.push_back({analysis::variance_of(values) / double(values.size()) / double(p.classes * p.classes),
                     double(values.size() - 1)});
  }
  return analysis::estimate(value, parts);
}

double right(const analysis::Predictions& p, std::size_t image) {
  return p.predicted[image] == p.labels[image] ? 1 : 0;
}

// An estimate of what is lost, as one of what is gained, from `origin`.
Estimate gained(const Estimate& lost, double origin = 0) {
  Estimate e = lost;
  e.value = origin - lost.value, e.low = origin - lost.high, e.high = origin - lost.low;
  e.test.t = -lost.test.t;
  return e;
}

std::vector<double> mean_weights(const analysis::ClassLosses& losses, std::size_t classes) {
  std::vector<double> weights(classes, 0);
  const auto tested = [&](std::size_t c) { return losses.of(int(c)).has_value(); };
  double count = 0;
  for (std::size_t c = 0; c < classes; ++c) count += tested(c);
  for (std::size_t c = 0; c < classes; ++c)
    if (tested(c)) weights[c] = 1 / count;
  return weights;
}

// Scores without information have the area 1/2 and no variance, so an area is 1/2 less what they "lose" from it.
analysis::ClassLosses areas(const Eigen::MatrixXd& scores, const std::vector<int>& labels) {
  const Eigen::MatrixXd none = Eigen::MatrixXd::Zero(scores.rows(), scores.cols());
  return {none, std::span(&scores, 1), labels};
}

MitigatedModel measured(const MeasuredModel& model, const MeasuredModel* baseline, const std::vector<int>& labels,
                        const std::vector<std::string>& classes) {
  MitigatedModel result;
  result.k = model.k;
  if (model.arm) result.arm = word_of(*model.arm);
  for (const auto& recall : analysis::recall_per_class(analysis::confusion_matrix(model.target)))
    result.recalls.push_back(recall.recall);
  result.recall = mean_over_classes(model.target, [&](std::size_t i) { return right(model.target, i); }).value;
  const analysis::ClassLosses own = areas(model.source, labels);
  const auto weights = mean_weights(own, classes.size());
  result.auc = gained(own.combined(weights), 0.5);
  for (const Eigen::MatrixXd& scores : model.other_runs)
    result.other_aucs.push_back(0.5 - areas(scores, labels).combined(weights).value);
  for (std::size_t c = 0; c < classes.size(); ++c)
    if (const auto& area = own.of(int(c))) result.classes.push_back({classes[c], gained(area->images, 0.5), {}});
  if (!baseline) return result;
  result.recall_gained = mean_over_classes(
      model.target, [&](std::size_t i) { return right(model.target, i) - right(baseline->target, i); });
  const analysis::ClassLosses less(baseline->source, std::span(&model.source, 1), labels);
  result.auc_gained = gained(less.combined(weights));
  std::size_t at = 0;
  for (std::size_t c = 0; c < classes.size(); ++c)
    if (const auto& loss = less.of(int(c))) result.classes[at++].auc_gained = gained(loss->images);
  return result;
}

std::string csv_of(const Mitigation& mitigation) {
  std::string text = "frozen_blocks,arm,target_recall,class,auc,low,high,auc_gained,gained_low,gained_high,p\n";
  for (const MitigatedModel& model : mitigation.models) {
    const auto row = [&](const std::string& name, const Estimate& auc, const std::optional<Estimate>& difference) {
      text += fmt::format("{},{},{:.6f},{},{:.6f},{:.6f},{:.6f},", model.k, model.arm, model.recall, csv_field(name),
                          auc.value, auc.low, auc.high);
      text += difference ? fmt::format("{:.6f},{:.6f},{:.6f},{:.6g}\n", difference->value, difference->low,
                                       difference->high, difference->test.p)
                         : ",,,\n";
    };
    for (const auto& one : model.classes) row(one.name, one.auc, one.auc_gained);
    row("mean", model.auc, model.auc_gained);
  }
  return text;
}

}  // namespace

std::vector<MitigatedModel> compare_arms(const std::vector<MeasuredModel>& models,
                                         const std::vector<int>& source_labels,
                                         const std::vector<std::string>& source_classes) {
  const auto baseline =
      std::ranges::find_if(models, [](const MeasuredModel& model) { return model.k == 0 && !model.arm; });
  PALIMPSEST_REQUIRE(baseline != models.end(), "no FreezeB0 among {} models", models.size());
  std::vector<MitigatedModel> results;
  for (const MeasuredModel& model : models) {
    require_same_images(*baseline, model);
    results.push_back(measured(model, model.arm ? &*baseline : nullptr, source_labels, source_classes));
  }
  return results;
}

const MitigatedModel* Mitigation::freeze_b0() const {
  const auto at = std::ranges::find_if(models, [](const MitigatedModel& m) { return m.k == 0 && m.arm.empty(); });
  return at == models.end() ? nullptr : &*at;
}

void write_mitigation(const fs::path& folder, const Mitigation& mitigation) {
  write_file(folder / "mitigation.json", Json(mitigation).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  write_file(folder / "mitigation.csv", csv_of(mitigation));
}

Mitigation read_mitigation(const fs::path& path) {
  try {
    return Json::parse(read_file(path)).get<Mitigation>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()), "run again with --redo mitigation");
  }
}

}  // namespace palimpsest::experiments
