#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace palimpsest {

// Ranks from 1; ties share the mean of their ranks.
std::vector<double> mid_ranks(std::span<const double> values);

// The area under the ROC curve: the chance that a positive has a higher value than a negative, a tie counting half
// (the Mann-Whitney statistic). For instance: do the action units that pain never uses (positive) lose more than the
// others? requires: at least one positive and one negative, no NaN
double ranking_auc(std::span<const double> values, std::span<const std::uint8_t> is_positive);

// Spearman's rank correlation; 0 if one side is constant. requires: equal lengths, no NaN
double spearman(std::span<const double> x, std::span<const double> y);

// Kendall's tau-b, which allows for ties (Kendall, Biometrika 33, 1945); 0 if one side is constant. By comparing all
// pairs. requires: as for spearman()
double kendall_tau_b(std::span<const double> x, std::span<const double> y);

}  // namespace palimpsest
