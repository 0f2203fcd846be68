#include "analysis/ranking_loss.h"

#include "base/error.h"
#include "base/ranking.h"

namespace palimpsest::analysis {

double RocComponents::auc() const {
  return mean_of(positive);
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
  result.after = mean_of(areas);
  result.run_variance = variance_of(areas);
  const auto positives = double(difference.positive.size()), negatives = double(difference.negative.size());
  const VariancePart images[]{{variance_of(difference.positive) / positives, positives - 1},
                              {variance_of(difference.negative) / negatives, negatives - 1}};
  result.image_variance = images[0].variance + images[1].variance;
  const double loss = result.before - result.after;
  result.images = estimate(loss, images);
  const VariancePart all[]{images[0], images[1], {result.run_variance / double(result.runs), double(result.runs - 1)}};
  result.loss = result.runs > 1 ? estimate(loss, all) : result.images;
  return result;
}

}  // namespace palimpsest::analysis
