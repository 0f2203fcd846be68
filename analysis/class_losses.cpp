#include "analysis/class_losses.h"

#include <Eigen/Cholesky>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>

#include "base/error.h"

namespace palimpsest::analysis {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

std::vector<double> column(const MatrixXd& scores, int label) {
  std::vector<double> values(std::size_t(scores.rows()));
  for (std::ptrdiff_t i = 0; i < scores.rows(); ++i) values[std::size_t(i)] = scores(i, label);
  return values;
}

// What each image contributes to the area, so that the sum of squares is DeLong's variance.
VectorXd contributions(const RocComponents& parts, std::span<const std::uint8_t> inside) {
  const double area = parts.auc();
  const auto share = [](std::size_t n) { return 1 / std::sqrt(double(n) * double(n - 1)); };
  VectorXd all(std::ptrdiff_t(inside.size()));
  std::size_t p = 0, n = 0;
  for (std::size_t i = 0; i < inside.size(); ++i)
    all[std::ptrdiff_t(i)] = inside[i] ? (parts.positive[p++] - area) * share(parts.positive.size())
                                       : (parts.negative[n++] - area) * share(parts.negative.size());
  return all;
}

}  // namespace

ClassLosses::ClassLosses(const MatrixXd& before, std::span<const MatrixXd> after, std::span<const int> labels) {
  PALIMPSEST_REQUIRE(!after.empty() && before.rows() == std::ptrdiff_t(labels.size()), "{} runs, {} rows, {} labels",
                     after.size(), before.rows(), labels.size());
  const auto classes = int(before.cols());
  losses_.resize(std::size_t(classes));
  influence_ = MatrixXd::Zero(before.rows(), classes);
  runs_ = MatrixXd::Zero(std::ptrdiff_t(after.size()), classes);
  for (int c = 0; c < classes; ++c) {
    std::vector<std::uint8_t> inside(labels.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) count += inside[i] = labels[i] == c;
    if (count < 2 || labels.size() - count < 2) continue;
    std::vector<std::vector<double>> scores;
    influence_.col(c) = contributions(roc_components(column(before, c), inside), inside);
    for (std::size_t run = 0; run < after.size(); ++run) {
      PALIMPSEST_REQUIRE(after[run].rows() == before.rows() && after[run].cols() == before.cols(),
                         "run {} has other images or classes", run);
      scores.push_back(column(after[run], c));
      const RocComponents parts = roc_components(scores.back(), inside);
      influence_.col(c) -= contributions(parts, inside) / double(after.size());
      runs_(std::ptrdiff_t(run), c) = parts.auc();
    }
    losses_[std::size_t(c)] = ranking_loss(column(before, c), scores, inside);
  }
}

Estimate ClassLosses::combined(std::span<const double> weights) const {
  PALIMPSEST_REQUIRE(weights.size() == losses_.size(), "{} weights, {} classes", weights.size(), losses_.size());
  VectorXd w(std::ptrdiff_t(weights.size()));
  double value = 0;
  for (std::size_t c = 0; c < weights.size(); ++c) {
    w[std::ptrdiff_t(c)] = weights[c];
    PALIMPSEST_REQUIRE(losses_[c] || weights[c] == 0, "class {} has no loss", c);
    if (losses_[c]) value += weights[c] * losses_[c]->loss.value;
  }
  const VectorXd squares = (influence_ * w).array().square(), after = runs_ * w;
  const double images = squares.sum(), fourth = squares.squaredNorm();
  const auto runs = double(runs_.rows());
  const VariancePart parts[]{{images, fourth > 0 ? std::max(1.0, images * images / fourth - 1) : 1},
                             {variance_of({after.data(), std::size_t(after.size())}) / runs, runs - 1}};
  return estimate(value, std::span(parts, runs > 1 ? 2 : 1));
}

Omnibus ClassLosses::omnibus() const {
  std::vector<int> tested;
  for (std::size_t c = 0; c < losses_.size(); ++c)
    if (losses_[c] && !influence_.col(std::ptrdiff_t(c)).isZero(0)) tested.push_back(int(c));
  if (tested.empty()) return {};
  const auto count = double(tested.size()), runs = double(runs_.rows());
  const MatrixXd influence = influence_(Eigen::all, tested);
  MatrixXd covariance = influence.transpose() * influence;
  VectorXd losses(std::ptrdiff_t(tested.size()));
  double run_part = 0;
  for (std::size_t i = 0; i < tested.size(); ++i) {
    const RankingLoss& loss = *losses_[std::size_t(tested[i])];
    losses[std::ptrdiff_t(i)] = loss.loss.value;
    run_part += loss.run_variance / runs;
  }
  const double image_part = covariance.trace();
  Omnibus result;
  result.df1 = count;
  if (image_part > 0) covariance.diagonal() *= 1 + run_part / image_part;
  const double images = double(influence.rows()) - count;
  double uncertainty = image_part * image_part / std::max(1.0, images);
  if (runs > 1) uncertainty += run_part * run_part / (count * (runs - 1));
  result.df2 = uncertainty > 0 ? std::pow(image_part + run_part, 2) / uncertainty : std::max(1.0, images);
  if (losses.isZero(0)) return result;
  const Eigen::LDLT<MatrixXd> factor(covariance);
  result.f = losses.dot(factor.solve(losses)) / count;
  result.p = factor.isPositive() && result.f >= 0 && std::isfinite(result.f)
                 ? boost::math::cdf(complement(boost::math::fisher_f(result.df1, result.df2), result.f))
                 : 0;
  return result;
}

}  // namespace palimpsest::analysis
