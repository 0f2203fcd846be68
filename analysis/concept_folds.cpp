#include "analysis/concept_folds.h"

#include <Eigen/Core>
#include <algorithm>

#include "analysis/svm.h"
#include "base/error.h"
#include "base/ranking.h"

namespace palimpsest::analysis {

namespace {

FoldScore fold_score(std::span<const std::uint8_t> truth, std::span<const double> decisions) {
  int hits = 0, called = 0, actual = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const bool positive = decisions[i] > 0;
    hits += positive && truth[i];
    called += positive;
    actual += truth[i];
  }
  FoldScore score;
  score.undefined = called == 0 || actual == 0;
  if (hits > 0) score.f1 = 2.0 * hits / (called + actual);
  const bool both_classes = actual > 0 && actual < int(truth.size());
  score.auc = both_classes ? ranking_auc(decisions, truth) : 0.5;  // only one class: no ranking
  return score;
}

}  // namespace

ConceptRepeat concept_repeat(std::span<const Gram> sets, std::span<const std::int64_t> labels,
                             std::vector<std::uint8_t> fold, const ConceptOptions& options) {
  ConceptRepeat result;
  result.fold = std::move(fold);
  result.predicted.assign(sets.size(), std::vector<std::uint8_t>(labels.size()));
  result.scores.resize(sets.size());
  for (const int test : {0, 1}) {
    std::vector<int> train_rows, test_rows;
    std::vector<std::uint8_t> truth;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (result.fold[i] != test) {
        train_rows.push_back(int(i));
      } else {
        test_rows.push_back(int(i));
        truth.push_back(labels[i] == 1);
      }
    }
    std::vector<double> decisions(test_rows.size());
    for (std::size_t s = 0; s < sets.size(); ++s) {
      const Svm svm = train_svm(sets[s], train_rows, labels, options.c, options.tolerance);
      for (std::size_t i = 0; i < test_rows.size(); ++i) {
        decisions[i] = svm.decision(sets[s], test_rows[i]);
        result.predicted[s][std::size_t(test_rows[i])] = decisions[i] > 0;
      }
      result.scores[s][std::size_t(test)] = fold_score(truth, decisions);
    }
  }
  return result;
}

namespace {

// Counts are whole numbers far below 2^24, so float32 products and sums of them are exact in any order.
using Counts = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Per group (row), and per repeat and fold (columns): actual positives, then for each set hits and predicted positives.
// A draw of groups needs only weighted sums of these rows.
Counts count_groups(std::span<const ConceptRepeat> repeats, std::span<const std::int64_t> labels,
                    std::span<const int> groups) {
  const auto per_fold = 1 + 2 * Eigen::Index(repeats[0].predicted.size());
  const int count = *std::max_element(groups.begin(), groups.end()) + 1;
  Counts counts = Counts::Zero(count, Eigen::Index(repeats.size()) * 2 * per_fold);
  for (std::size_t r = 0; r < repeats.size(); ++r)
    for (std::size_t i = 0; i < labels.size(); ++i) {
      Eigen::Index column = (2 * Eigen::Index(r) + repeats[r].fold[i]) * per_fold;
      counts(groups[i], column) += labels[i] == 1 ? 1.0F : 0.0F;
      for (const auto& predicted : repeats[r].predicted) {
        counts(groups[i], ++column) += labels[i] == 1 && predicted[i] ? 1.0F : 0.0F;
        counts(groups[i], ++column) += predicted[i] ? 1.0F : 0.0F;
      }
    }
  return counts;
}

// The mean over all repeats and folds of one set's F1, from one draw's weighted counts.
double mean_f1(const float* counts, Eigen::Index columns, Eigen::Index per_fold, int set) {
  double sum = 0;
  for (Eigen::Index fold = 0; fold < columns; fold += per_fold) {
    const double hits = counts[fold + 1 + 2 * set];
    if (hits > 0) sum += 2 * hits / (double(counts[fold]) + double(counts[fold + 2 + 2 * set]));
  }
  return sum * double(per_fold) / double(columns);
}

}  // namespace

std::vector<std::pair<double, double>> bootstrap_f1_differences(std::span<const ConceptRepeat> repeats,
                                                                std::span<const std::int64_t> labels,
                                                                std::span<const int> groups,
                                                                std::span<const std::pair<int, int>> pairs, int draws,
                                                                std::uint64_t seed) {
  if (pairs.empty()) return {};
  const Counts counts = count_groups(repeats, labels, groups);
  const auto sets = int(repeats[0].predicted.size());
  const Eigen::Index per_fold = 1 + 2 * sets;
  std::vector<std::vector<double>> differences(pairs.size(), std::vector<double>(std::size_t(draws)));
  constexpr int block = 32;
#pragma omp parallel for schedule(dynamic)
  for (int first = 0; first < draws; first += block) {
    const int n = std::min(block, draws - first);
    Counts weights(n, counts.rows());
    for (int d = 0; d < n; ++d) {
      const auto drawn = bootstrap_counts(int(counts.rows()), seed, first + d);
      weights.row(d) = Eigen::Map<const Eigen::RowVectorXf>(drawn.data(), counts.rows());
    }
    const Counts drawn_counts = weights * counts;
    std::vector<double> f1(std::size_t(sets), 0.0);
    for (int d = 0; d < n; ++d) {
      for (int s = 0; s < sets; ++s)
        f1[std::size_t(s)] = mean_f1(drawn_counts.row(d).data(), counts.cols(), per_fold, s);
      for (std::size_t p = 0; p < pairs.size(); ++p)
        differences[p][std::size_t(first + d)] = f1[std::size_t(pairs[p].first)] - f1[std::size_t(pairs[p].second)];
    }
  }
  std::vector<std::pair<double, double>> intervals;
  for (auto& of_pair : differences) {
    const double low = quantile(of_pair, 0.025), high = quantile(of_pair, 0.975);
    intervals.emplace_back(low, high);
  }
  return intervals;
}

}  // namespace palimpsest::analysis
