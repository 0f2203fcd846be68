#pragma once
#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "analysis/ranking_loss.h"

namespace palimpsest::analysis {

// Whether anything is lost at all: an F test of all classes' losses l together,
//   F = l' S^-1 l / classes,   S = the images' covariance + diag(v) / runs.
// With few runs the run variance of one class is known too poorly to divide by, so v is in proportion to the images'
// variances and has the size of all classes' together, with classes (runs - 1) degrees of freedom.
struct Omnibus {
  double f = 0, df1 = 0, df2 = 0, p = 1;
};

// The ranking losses of all classes of one set of images. They share images and runs, so they are correlated.
class ClassLosses {
 public:
  // Images x classes scores before and after (one matrix a run), and the class of each image.
  // requires: at least one run
  ClassLosses(const Eigen::MatrixXd& before, std::span<const Eigen::MatrixXd> after, std::span<const int> labels);

  // None for a class with fewer than 2 images inside or outside.
  const std::optional<RankingLoss>& of(int label) const { return losses_[std::size_t(label)]; }

  // sum_c weight_c loss_c, for instance the mean loss of some classes less that of the others. Images: the covariance
  // of their contributions, with (sum s^2)^2 / sum s^4 - 1 degrees of freedom for contributions s. Runs: the variance
  // of the sum itself over the runs. weights: one for each class; those of classes without a loss must be 0
  Estimate combined(std::span<const double> weights) const;

  Omnibus omnibus() const;  // of the classes with a loss; p = 1 without any

 private:
  std::vector<std::optional<RankingLoss>> losses_;
  Eigen::MatrixXd influence_;  // images x classes: what each image adds to a loss; column sums of squares are variances
  Eigen::MatrixXd runs_;       // runs x classes: the area after
};

}  // namespace palimpsest::analysis
