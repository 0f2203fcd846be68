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

// Numbers 0, 1, ... for the distinct values in the order of their first occurrence.
std::vector<int> dense_groups(std::span<const std::int64_t> groups);

}  // namespace palimpsest::analysis
