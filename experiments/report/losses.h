#pragma once
#include <string>
#include <vector>

#include "experiments/report/results.h"

// Which emotions are lost, read from a study's records.
namespace palimpsest::experiments::report {

inline constexpr double level = 0.05;

const LossSummary* loss_summary(const StudyResults& results, int k);  // null: not measured
std::vector<const LossRow*> loss_rows(const StudyResults& results, int k);
// Classes with fewer than two test images of them or of others: nothing can be said of their AUC. None if none is
// measured.
std::vector<std::string> too_few_images(const StudyResults& results);

// Beyond chance with Holm's correction: the hypotheses' emotions or the others that lose, the greatest loss first; and
// all that gain.
std::vector<const LossRow*> lost(const StudyResults& results, int k, bool hypothesis);
std::vector<const LossRow*> gained(const StudyResults& results, int k);

}  // namespace palimpsest::experiments::report
