#pragma once
#include <cstdint>
#include <span>

namespace palimpsest::analysis {

// The exact one-sided permutation test of ranking_auc(values, is_positive): the share of all ways to choose as many
// positives that rank at least as high (Mann and Whitney, Annals of Mathematical Statistics 18, 1947, with ties by
// their mid-ranks). requires: at least one positive and one negative, at most 60 values, no NaN
double exact_ranking_p(std::span<const double> values, std::span<const std::uint8_t> is_positive);

}  // namespace palimpsest::analysis
