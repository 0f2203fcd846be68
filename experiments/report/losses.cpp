#include "experiments/report/losses.h"

#include <algorithm>

namespace palimpsest::experiments::report {

const LossSummary* loss_summary(const StudyResults& results, int k) {
  if (!results.losses) return nullptr;
  for (const LossSummary& model : results.losses->models)
    if (model.k == k) return &model;
  return nullptr;
}

std::vector<const LossRow*> loss_rows(const StudyResults& results, int k) {
  std::vector<const LossRow*> rows;
  if (!results.losses) return rows;
  for (const LossRow& row : results.losses->rows)
    if (row.k == k) rows.push_back(&row);
  return rows;
}

std::vector<std::string> too_few_images(const StudyResults& results) {
  const auto rows = loss_rows(results, results.record.farthest());
  if (rows.empty()) return {};
  auto names = results.record.emotions;
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::any_of(rows, [&](const LossRow* row) { return row->emotion == name; });
  });
  return names;
}

std::vector<const LossRow*> lost(const StudyResults& results, int k, bool hypothesis) {
  auto rows = loss_rows(results, k);
  std::erase_if(rows, [&](const LossRow* row) {
    return row->hypothesis != hypothesis || row->holm >= level || row->auc.loss.value <= 0;
  });
  std::stable_sort(rows.begin(), rows.end(),
                   [](const LossRow* a, const LossRow* b) { return a->auc.loss.value > b->auc.loss.value; });
  return rows;
}

std::vector<const LossRow*> gained(const StudyResults& results, int k) {
  auto rows = loss_rows(results, k);
  std::erase_if(rows, [](const LossRow* row) { return row->holm >= level || row->auc.loss.value >= 0; });
  return rows;
}

}  // namespace palimpsest::experiments::report
