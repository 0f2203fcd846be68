#include "base/ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace palimpsest {

std::vector<double> mid_ranks(std::span<const double> values) {
  const bool ordered = std::none_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
  PALIMPSEST_REQUIRE(ordered, "NaN has no rank");
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return values[i] < values[j]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
    const double shared = double(first + last) / 2 + 1;
    for (; first <= last; ++first) ranks[order[first]] = shared;
  }
  return ranks;
}

double ranking_auc(std::span<const double> values, std::span<const std::uint8_t> is_positive) {
  PALIMPSEST_REQUIRE(values.size() == is_positive.size(), "{} and {}", values.size(), is_positive.size());
  const auto ranks = mid_ranks(values);
  double sum = 0, positives = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (is_positive[i]) sum += ranks[i], positives += 1;
  const double negatives = double(values.size()) - positives;
  PALIMPSEST_REQUIRE(positives > 0 && negatives > 0, "{} positives, {} negatives", positives, negatives);
  return (sum - positives * (positives + 1) / 2) / (positives * negatives);
}

double spearman(std::span<const double> x, std::span<const double> y) {
  PALIMPSEST_REQUIRE(x.size() == y.size(), "{} and {}", x.size(), y.size());
  const auto a = mid_ranks(x), b = mid_ranks(y);
  const double mean = double(x.size() + 1) / 2;  // of ranks 1 to n, shared or not
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double kendall_tau_b(std::span<const double> x, std::span<const double> y) {
  PALIMPSEST_REQUIRE(x.size() == y.size(), "{} and {}", x.size(), y.size());
  const auto sign = [](double a, double b) { return (a < b) - (b < a); };
  double both = 0, differ_x = 0, differ_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const int a = sign(x[i], x[j]), b = sign(y[i], y[j]);
      both += a * b;
      differ_x += a != 0;
      differ_y += b != 0;
    }
  return differ_x > 0 && differ_y > 0 ? both / std::sqrt(differ_x * differ_y) : 0;
}

}  // namespace palimpsest
