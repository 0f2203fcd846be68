#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/estimate.h"

namespace palimpsest::analysis {

// The area under a ROC curve, and what each example contributes to it (DeLong, DeLong and Clarke-Pearson, Biometrics
// 44, 1988, eqs. 4 and 5; by ranks as in Sun and Xu, IEEE Signal Processing Letters 21, 2014): of a positive the share
// of negatives below it, of a negative the share of positives above it, ties counting half. Both have the area as mean.
struct RocComponents {
  std::vector<double> positive, negative;  // in the order of the examples
  double auc() const;
};
// requires: at least one positive and one negative, no NaN
RocComponents roc_components(std::span<const double> scores, std::span<const std::uint8_t> is_positive);

// How much worse a class is ranked by the features of several runs of one training than by those before it:
//   loss = AUC before - mean over the runs of the AUC after.
// Two things make it uncertain: the images, and the run. "Before" is one network that every run starts from.
struct RankingLoss {
  double before = 0, after = 0;  // areas; `after` is the runs' mean
  int runs = 0;
  double image_variance = 0;  // DeLong's, of the loss on these runs
  double run_variance = 0;    // of one run's area, with divisor runs - 1; 0 with one run
  // Before minus after, with the runs' part of the variance, run_variance / runs: for the claim that the training loses
  // the class. With one run it is `images`, which does not support that claim.
  Estimate loss;
  // Of the images alone: do these very checkpoints differ?
  Estimate images;
};
// after: the scores of each run. requires: at least one run, and 2 positives and 2 negatives
RankingLoss ranking_loss(std::span<const double> before, std::span<const std::vector<double>> after,
                         std::span<const std::uint8_t> is_positive);

}  // namespace palimpsest::analysis
