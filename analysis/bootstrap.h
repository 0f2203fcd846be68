#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace palimpsest::analysis {

struct MeanInterval {
  double mean = 0, low = 0, high = 0;
};

// The q-quantile with linear interpolation (numpy's default, Hyndman and Fan's type 7). Sorts `values`.
// requires: at least one value, 0 <= q <= 1
double quantile(std::vector<double>& values, double q);

// How often each of n units occurs in draw number `draw` of n with replacement (Efron 1979). The counts depend only on
// the seed and the draw.
std::vector<float> bootstrap_counts(int n, std::uint64_t seed, int draw);

// The mean of the values with its percentile interval. With `groups` (one per value, for instance the subject) whole
// groups are resampled, since the images of one face are not independent; otherwise single values.
// requires: at least one value
MeanInterval bootstrap_mean(std::span<const double> values, std::uint64_t seed,
                            std::span<const std::int64_t> groups = {}, int draws = 2000, double confidence = 0.95);

// Numbers 0, 1, ... for the distinct values in the order of their first occurrence.
std::vector<int> dense_groups(std::span<const std::int64_t> groups);

}  // namespace palimpsest::analysis
