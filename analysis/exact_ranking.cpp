#include "analysis/exact_ranking.h"

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/ranking.h"

namespace palimpsest::analysis {

double exact_ranking_p(std::span<const double> values, std::span<const std::uint8_t> is_positive) {
  const auto n = values.size();
  PALIMPSEST_REQUIRE(n == is_positive.size() && n <= 60, "{} values, {} flags", n, is_positive.size());
  const std::vector<double> ranks = mid_ranks(values);
  std::size_t positives = 0, seen = 0;
  std::vector<std::size_t> doubled;  // mid-ranks are multiples of a half
  for (std::size_t i = 0; i < n; ++i) {
    doubled.push_back(std::size_t(std::lround(2 * ranks[i])));
    if (!is_positive[i]) continue;
    ++positives;
    seen += doubled.back();
  }
  PALIMPSEST_REQUIRE(positives > 0 && positives < n, "{} of {} are positive", positives, n);
  // ways[m][s]: to choose m of the values so far with the rank sum s.
  const std::size_t most = n * (n + 1);
  std::vector<std::vector<double>> ways(positives + 1, std::vector<double>(most + 1, 0));
  ways[0][0] = 1;
  for (const std::size_t rank : doubled)
    for (std::size_t m = positives; m > 0; --m)
      for (std::size_t sum = most; sum >= rank; --sum) ways[m][sum] += ways[m - 1][sum - rank];
  double all = 0, as_high = 0;
  for (std::size_t sum = 0; sum <= most; ++sum) {
    all += ways[positives][sum];
    if (sum >= seen) as_high += ways[positives][sum];
  }
  return as_high / all;
}

}  // namespace palimpsest::analysis
