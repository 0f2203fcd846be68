#include "analysis/pair_effects.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/estimate.h"
#include "analysis/metrics.h"
#include "base/error.h"

namespace palimpsest::analysis {

namespace {

// Of one row of logits.
double log_odds(std::span<const float> z, std::size_t c) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (std::size_t j = 0; j < z.size(); ++j)
    if (j != c) largest = std::max(largest, double(z[j]));
  for (std::size_t j = 0; j < z.size(); ++j)
    if (j != c) sum += std::exp(z[j] - largest);
  return z[c] - largest - std::log(sum);
}

void score(std::span<const float> logits, int classes, std::vector<double>& odds, std::vector<int>& decided) {
  const auto width = std::size_t(classes);
  for (std::size_t i = 0; i < logits.size(); i += width) {
    const auto row = logits.subspan(i, width);
    decided.push_back(int(std::max_element(row.begin(), row.end()) - row.begin()));
    for (std::size_t c = 0; c < width; ++c) odds.push_back(log_odds(row, c));
  }
}

int subjects_in(std::span<const std::int64_t> subjects) {
  const std::vector<int> dense = dense_groups(subjects);
  return dense.empty() ? 0 : *std::max_element(dense.begin(), dense.end()) + 1;
}

// The clustered covariance of the means of x and y.
double covariance(std::span<const double> x, std::span<const double> y, std::span<const std::int64_t> subjects) {
  const std::vector<int> subject = dense_groups(subjects);
  const int count = subjects_in(subjects);
  const auto n = double(x.size());
  PALIMPSEST_REQUIRE(x.size() == y.size() && x.size() == subjects.size() && count >= 2, "{} values, {} subjects",
                     x.size(), count);
  const double x_mean = mean_of(x), y_mean = mean_of(y);
  std::vector<double> of_x(std::size_t(count), 0.0), of_y(std::size_t(count), 0.0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    of_x[std::size_t(subject[i])] += x[i] - x_mean;
    of_y[std::size_t(subject[i])] += y[i] - y_mean;
  }
  return std::inner_product(of_x.begin(), of_x.end(), of_y.begin(), 0.0) * count / (count - 1) / (n * n);
}

double t_quantile(int subjects) {
  return boost::math::quantile(boost::math::students_t(subjects - 1), 0.975);
}

// The pairs of a selection: their effects, and who they are.
struct Selected {
  std::vector<double> effects;
  std::vector<std::uint8_t> to, from;
  std::vector<std::int64_t> subjects;
};

Selected select(const PairScores& scores, int c, std::span<const int> which, std::span<const std::int64_t> subjects) {
  const double deviation = scores.deviation.at(std::size_t(c));
  PALIMPSEST_REQUIRE(deviation > 0 && subjects.size() == scores.pairs(), "{} of {} subjects", deviation,
                     subjects.size());
  Selected selected;
  for (const int pair : which) {
    const auto i = std::size_t(pair), at = i * std::size_t(scores.classes) + std::size_t(c);
    selected.effects.push_back((scores.with.at(at) - scores.without.at(at)) / deviation);
    const bool after = scores.decided_with.at(i) == c, before = scores.decided_without.at(i) == c;
    selected.to.push_back(after && !before);
    selected.from.push_back(before && !after);
    selected.subjects.push_back(subjects[i]);
  }
  return selected;
}

PairEffect effect_of(const Selected& selected) {
  return {int(selected.effects.size()), subjects_in(selected.subjects),
          clustered_mean(selected.effects, selected.subjects), clustered_share(selected.to, selected.subjects),
          clustered_share(selected.from, selected.subjects)};
}

std::optional<MeanInterval> fieller(std::span<const double> above, std::span<const double> below,
                                    std::span<const std::int64_t> subjects) {
  const double a = mean_of(above), b = mean_of(below), ratio = a / b, t = t_quantile(subjects_in(subjects));
  const double aa = covariance(above, above, subjects), ab = covariance(above, below, subjects),
               bb = covariance(below, below, subjects);
  const double share = t * t / (b * b), g = share * bb;
  if (b == 0 || g >= 1) return std::nullopt;
  const double squared = aa - 2 * ratio * ab + ratio * ratio * bb - g * aa + share * ab * ab;
  const double centre = (ratio - share * ab) / (1 - g);
  const double half = t / std::abs(b) * std::sqrt(std::max(0.0, squared)) / (1 - g);
  return MeanInterval{ratio, centre - half, centre + half};
}

}  // namespace

PairScores pair_scores(std::span<const float> with, std::span<const float> without, int classes) {
  PALIMPSEST_REQUIRE(classes >= 2 && with.size() == without.size() && with.size() % std::size_t(classes) == 0 &&
                         with.size() >= 2 * std::size_t(classes),
                     "{} and {} logits, {} classes", with.size(), without.size(), classes);
  PairScores scores;
  scores.classes = classes;
  score(with, classes, scores.with, scores.decided_with);
  score(without, classes, scores.without, scores.decided_without);
  for (int c = 0; c < classes; ++c) {
    std::vector<double> values;
    for (std::size_t i = 0; i < scores.pairs(); ++i)
      values.push_back(scores.with[i * std::size_t(classes) + std::size_t(c)]);
    const double centre = mean_of(values);
    double squares = 0;
    for (const double v : values) squares += (v - centre) * (v - centre);
    PALIMPSEST_REQUIRE(std::isfinite(squares), "logits must be finite");
    scores.deviation.push_back(std::sqrt(squares / double(values.size() - 1)));
  }
  return scores;
}

MeanInterval clustered_mean(std::span<const double> values, std::span<const std::int64_t> subjects) {
  const double half = t_quantile(subjects_in(subjects)) * std::sqrt(covariance(values, values, subjects));
  const double centre = mean_of(values);
  return {centre, centre - half, centre + half};
}

MeanInterval clustered_share(std::span<const std::uint8_t> values, std::span<const std::int64_t> subjects) {
  std::vector<double> ones;
  for (const std::uint8_t value : values) ones.push_back(value ? 1 : 0);
  const double p = mean_of(ones), variance = covariance(ones, ones, subjects);
  const auto n = double(ones.size());
  const double trials = p == 0 || p == 1 ? subjects_in(subjects) : std::min(n, n * p * (1 - p) / (n - 1) / variance);
  const Interval interval = wilson_interval_of_share(p, trials);
  return {p, interval.low, interval.high};
}

PairEffect pair_effect(const PairScores& scores, int c, std::span<const int> which,
                       std::span<const std::int64_t> subjects) {
  return effect_of(select(scores, c, which, subjects));
}

PairChange pair_change(const PairScores& before, const PairScores& after, int c, std::span<const int> which,
                       std::span<const std::int64_t> subjects) {
  const Selected first = select(before, c, which, subjects), second = select(after, c, which, subjects);
  std::vector<double> difference;
  for (std::size_t i = 0; i < which.size(); ++i) difference.push_back(second.effects[i] - first.effects[i]);
  return {effect_of(first), effect_of(second), clustered_mean(difference, first.subjects),
          fieller(second.effects, first.effects, first.subjects)};
}

}  // namespace palimpsest::analysis
