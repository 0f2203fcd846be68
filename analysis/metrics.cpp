#include "analysis/metrics.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "base/error.h"

namespace palimpsest::analysis {

namespace {
double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : double(part) / double(whole);
}
}  // namespace

ConfusionMatrix::ConfusionMatrix(int classes) : classes_(classes) {
  PALIMPSEST_REQUIRE(classes >= 1, "{} classes", classes);
  counts_.assign(std::size_t(classes) * std::size_t(classes), 0);
}

ConfusionMatrix::ConfusionMatrix(int classes, std::span<const int> labels, std::span<const int> predicted)
    : ConfusionMatrix(classes) {
  PALIMPSEST_REQUIRE(labels.size() == predicted.size(), "{} and {}", labels.size(), predicted.size());
  for (std::size_t i = 0; i < labels.size(); ++i) add(labels[i], predicted[i]);
}

void ConfusionMatrix::add(int label, int predicted) {
  PALIMPSEST_REQUIRE(label >= 0 && label < classes_ && predicted >= 0 && predicted < classes_,
                     "classes {} and {} of {}", label, predicted, classes_);
  ++counts_[std::size_t(label) * std::size_t(classes_) + std::size_t(predicted)];
}

std::int64_t ConfusionMatrix::at(int label, int predicted) const {
  return counts_.at(std::size_t(label) * std::size_t(classes_) + std::size_t(predicted));
}

std::int64_t ConfusionMatrix::support(int label) const {
  std::int64_t sum = 0;
  for (int p = 0; p < classes_; ++p) sum += at(label, p);
  return sum;
}

std::int64_t ConfusionMatrix::predicted_as(int label) const {
  std::int64_t sum = 0;
  for (int l = 0; l < classes_; ++l) sum += at(l, label);
  return sum;
}

std::int64_t ConfusionMatrix::correct() const {
  std::int64_t sum = 0;
  for (int l = 0; l < classes_; ++l) sum += at(l, l);
  return sum;
}

std::int64_t ConfusionMatrix::total() const {
  std::int64_t sum = 0;
  for (const auto count : counts_) sum += count;
  return sum;
}

namespace {
ClassScores mean_of(std::span<const ClassScores> classes, std::int64_t images) {
  ClassScores mean;
  for (const ClassScores& one : classes) {
    mean.precision += one.precision / double(classes.size());
    mean.recall += one.recall / double(classes.size());
    mean.f1 += one.f1 / double(classes.size());
  }
  mean.support = images;
  return mean;
}
}  // namespace

Scores scores(const ConfusionMatrix& matrix) {
  Scores result;
  std::vector<ClassScores> present;
  for (int l = 0; l < matrix.classes(); ++l) {
    const auto hits = matrix.at(l, l), support = matrix.support(l), called = matrix.predicted_as(l);
    result.classes.push_back({share(hits, called), share(hits, support), share(2 * hits, support + called), support});
    if (support > 0) present.push_back(result.classes.back());
  }
  result.macro = mean_of(result.classes, matrix.total());
  result.macro_present = mean_of(present, matrix.total());
  result.accuracy = share(matrix.correct(), matrix.total());
  return result;
}

Interval wilson_interval(std::int64_t successes, std::int64_t trials, double confidence) {
  PALIMPSEST_REQUIRE(successes >= 0 && successes <= trials, "{} of {}", successes, trials);
  return trials == 0 ? Interval{0, 1}
                     : wilson_interval_of_share(double(successes) / double(trials), double(trials), confidence);
}

Interval wilson_interval_of_share(double p, double n, double confidence) {
  PALIMPSEST_REQUIRE(p >= 0 && p <= 1 && n > 0, "{} of {}", p, n);
  const double z = boost::math::quantile(boost::math::normal(), 0.5 + confidence / 2);
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  // At 0 and 1 the bound is exactly 0 or 1; rounding must not exceed it.
  return {p == 0 ? 0 : std::max(0.0, centre - half), p == 1 ? 1 : std::min(1.0, centre + half)};
}

std::vector<ClassRecall> recall_per_class(const ConfusionMatrix& matrix) {
  std::vector<ClassRecall> result;
  for (int l = 0; l < matrix.classes(); ++l) {
    const auto correct = matrix.at(l, l), support = matrix.support(l);
    result.push_back({correct, support, share(correct, support), wilson_interval(correct, support)});
  }
  return result;
}

}  // namespace palimpsest::analysis
