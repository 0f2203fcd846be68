#include "analysis/ranking_loss.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/ranking.h"

namespace palimpsest::analysis {

namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}

// With divisor n - 1; 0 for one value.
double variance(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double centre = mean(values);
  double squares = 0;
  for (const double v : values) squares += (v - centre) * (v - centre);
  return squares / double(values.size() - 1);
}

// A sum of independent mean squares, of which each has so many degrees of freedom.
struct Part {
  double variance, df;
};
TTest test_of(double value, std::span<const Part> parts) {
  double sum = 0, squares = 0;
  for (const Part& part : parts) {
    sum += part.variance;
    if (part.variance > 0) squares += part.variance * part.variance / part.df;
  }
  TTest test;
  test.df = squares > 0 ? sum * sum / squares : std::numeric_limits<double>::infinity();
  if (sum > 0)
    test.t = value / std::sqrt(sum);
  else if (value != 0)
    test.t = std::copysign(std::numeric_limits<double>::infinity(), value);
  test.p = test.t == 0 ? 1 : student_t_two_sided(test.t, test.df);
  return test;
}

}  // namespace

double RocComponents::auc() const {
  return mean(positive);
}

RocComponents roc_components(std::span<const double> scores, std::span<const std::uint8_t> is_positive) {
  PALIMPSEST_REQUIRE(scores.size() == is_positive.size(), "{} and {}", scores.size(), is_positive.size());
  std::vector<double> of[2];
  for (std::size_t i = 0; i < scores.size(); ++i) of[is_positive[i] != 0].push_back(scores[i]);
  PALIMPSEST_REQUIRE(!of[0].empty() && !of[1].empty(), "{} positives, {} negatives", of[1].size(), of[0].size());
  // The rank of a positive among all, less that among the positives, counts the negatives below it.
  const auto all = mid_ranks(scores), negatives = mid_ranks(of[0]), positives = mid_ranks(of[1]);
  RocComponents parts;
  std::size_t n = 0, p = 0;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (is_positive[i])
      parts.positive.push_back((all[i] - positives[p++]) / double(of[0].size()));
    else
      parts.negative.push_back(1 - (all[i] - negatives[n++]) / double(of[1].size()));
  return parts;
}

RankingLoss ranking_loss(std::span<const double> before, std::span<const std::vector<double>> after,
                         std::span<const std::uint8_t> is_positive) {
  PALIMPSEST_REQUIRE(!after.empty(), "no runs");
  RocComponents difference = roc_components(before, is_positive);
  PALIMPSEST_REQUIRE(difference.positive.size() >= 2 && difference.negative.size() >= 2, "{} positives, {} negatives",
                     difference.positive.size(), difference.negative.size());
  RankingLoss result;
  result.before = difference.auc();
  result.runs = int(after.size());
  std::vector<double> areas;
  for (const std::vector<double>& scores : after) {
    const RocComponents run = roc_components(scores, is_positive);
    areas.push_back(run.auc());
    for (std::size_t i = 0; i < run.positive.size(); ++i)
      difference.positive[i] -= run.positive[i] / double(after.size());
    for (std::size_t i = 0; i < run.negative.size(); ++i)
      difference.negative[i] -= run.negative[i] / double(after.size());
  }
  result.after = mean(areas);
  result.run_variance = variance(areas);
  const auto positives = double(difference.positive.size()), negatives = double(difference.negative.size());
  const Part images[]{{variance(difference.positive) / positives, positives - 1},
                      {variance(difference.negative) / negatives, negatives - 1}};
  result.image_variance = images[0].variance + images[1].variance;
  result.images = test_of(result.loss(), images);
  const Part all[]{images[0], images[1], {result.run_variance / double(result.runs), double(result.runs - 1)}};
  result.test = result.runs > 1 ? test_of(result.loss(), all) : result.images;
  const double error = std::sqrt(result.image_variance + result.run_variance / double(result.runs));
  const double reach =
      error > 0 ? boost::math::quantile(boost::math::students_t(result.test.df), 0.975) * error : 0;
  result.low = result.loss() - reach;
  result.high = result.loss() + reach;
  return result;
}

}  // namespace palimpsest::analysis
