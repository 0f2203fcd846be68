#include "analysis/concept.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/concept_folds.h"
#include "analysis/parallel.h"
#include "base/error.h"

namespace palimpsest::analysis {

namespace {

// How many subjects show the concept.
int subjects_with(std::span<const std::int64_t> labels, std::span<const int> groups) {
  std::vector<int> with;
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (labels[i] == 1) with.push_back(groups[i]);
  std::sort(with.begin(), with.end());
  return int(std::unique(with.begin(), with.end()) - with.begin());
}

void check_inputs(std::span<const Gram> sets, std::span<const std::int64_t> labels,
                  std::span<const std::int64_t> groups, const ConceptOptions& options) {
  PALIMPSEST_REQUIRE(!sets.empty(), "no feature set");
  for (const auto& set : sets)
    if (std::size_t(set.size) != labels.size())
      throw Error(fmt::format("{} has {} rows, but {} {} labels", set.name, set.size,
                              options.labels_file.empty() ? "there are" : options.labels_file + " has", labels.size()),
                  "features and labels must be for the same images in the same order");
  if (!groups.empty() && groups.size() != labels.size())
    throw Error(fmt::format("{} {} groups for the {} images of {}",
                            options.groups_file.empty() ? "there are" : options.groups_file + " has", groups.size(),
                            labels.size(), sets[0].name),
                "give one subject number per image");
  const auto positives = std::count(labels.begin(), labels.end(), 1);
  const auto negatives = std::count(labels.begin(), labels.end(), 0);
  PALIMPSEST_REQUIRE(positives + negatives == std::ptrdiff_t(labels.size()), "labels must be 0 or 1");
  if (positives < 2 || negatives < 2)
    throw Error(fmt::format("{}: {} images show the concept and {} do not",
                            options.labels_file.empty() ? sets[0].name : options.labels_file, positives, negatives),
                "2-fold cross-validation needs at least 2 of each: leave this action unit out");
  if (options.repeats < 2)
    throw Error(fmt::format("{} repeats", options.repeats), "a t-test needs --repeats of 2 or more");
  if (!(options.c > 0) || !std::isfinite(options.c))
    throw Error(fmt::format("C is {}", options.c), "give --c a number above 0");
  PALIMPSEST_REQUIRE(options.grouped_repeats != 1, "a test needs 2 repeats");
  PALIMPSEST_REQUIRE(options.bootstrap_draws >= 1 && options.tolerance > 0, "draws {}, tolerance {}",
                     options.bootstrap_draws, options.tolerance);
}

std::vector<std::pair<int, int>> chosen_pairs(const ConceptOptions& options, int sets) {
  auto pairs = options.pairs;
  if (pairs.empty())
    for (int s = 1; s < sets; ++s) pairs.emplace_back(0, s);
  for (const auto& [first, second] : pairs)
    PALIMPSEST_REQUIRE(first >= 0 && first < sets && second >= 0 && second < sets, "sets {} and {} of {}", first,
                       second, sets);
  return pairs;
}

std::vector<ConceptRepeat> run_repeats(std::span<const Gram> sets, std::span<const std::int64_t> labels,
                                       std::span<const int> groups, FoldKind kind, const ConceptOptions& options) {
  std::vector<ConceptRepeat> repeats(std::size_t(options.repeats));
  in_parallel("concept SVMs", 0, options.repeats, [&](int r) {
    const Random random(options.seed, Purpose::folds, std::uint32_t(kind), std::uint64_t(r));
    repeats[std::size_t(r)] = concept_repeat(sets, labels, two_folds(kind, labels, groups, random), options);
  });
  return repeats;
}

void mean_and_sd(std::span<const double> values, double& mean, double& sd) {
  mean = std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  sd = std::sqrt(squares / double(values.size() - 1));
}

SetResult set_result(const Gram& gram, std::span<const ConceptRepeat> repeats, std::size_t set) {
  SetResult result;
  result.file = gram.name;
  for (const auto& repeat : repeats) {
    const auto& folds = repeat.scores[set];
    result.f1.push_back((folds[0].f1 + folds[1].f1) / 2);
    result.auc.push_back((folds[0].auc + folds[1].auc) / 2);
    result.undefined_f1 += folds[0].undefined + folds[1].undefined;
  }
  mean_and_sd(result.f1, result.f1_mean, result.f1_sd);
  mean_and_sd(result.auc, result.auc_mean, result.auc_sd);
  return result;
}

PairResult pair_result(std::span<const ConceptRepeat> repeats, const ConceptScheme& scheme, std::pair<int, int> pair,
                       std::pair<double, double> interval) {
  const auto a = std::size_t(pair.first), b = std::size_t(pair.second);
  std::vector<double> per_repeat, per_fold;
  for (std::size_t r = 0; r < repeats.size(); ++r) {
    per_repeat.push_back(scheme.sets[a].f1[r] - scheme.sets[b].f1[r]);
    for (const std::size_t f : {0, 1}) per_fold.push_back(repeats[r].scores[a][f].f1 - repeats[r].scores[b][f].f1);
  }
  PairResult result;
  result.first = pair.first;
  result.second = pair.second;
  result.paired_t = paired_t_test(per_repeat);
  result.corrected_t = corrected_resampled_t_test(per_fold, /*test_over_train=*/1);
  result.effect = {scheme.sets[a].f1_mean - scheme.sets[b].f1_mean, interval.first, interval.second};
  result.auc_difference = scheme.sets[a].auc_mean - scheme.sets[b].auc_mean;
  return result;
}

ConceptScheme run_scheme(std::span<const Gram> sets, std::span<const std::int64_t> labels, std::span<const int> groups,
                         FoldKind kind, const ConceptOptions& options) {
  const auto repeats = run_repeats(sets, labels, groups, kind, options);
  ConceptScheme scheme;
  scheme.folds = kind;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    scheme.sets.push_back(set_result(sets[s], repeats, s));
    scheme.undefined_f1 += scheme.sets.back().undefined_f1;
  }
  const auto pairs = chosen_pairs(options, int(sets.size()));
  const auto intervals =
      bootstrap_f1_differences(repeats, labels, groups, pairs, options.bootstrap_draws, options.seed);
  for (std::size_t p = 0; p < pairs.size(); ++p)
    scheme.pairs.push_back(pair_result(repeats, scheme, pairs[p], intervals[p]));
  return scheme;
}

}  // namespace

ConceptResult concept_test(std::span<const Gram> sets, std::span<const std::int64_t> labels,
                           std::span<const std::int64_t> groups, const ConceptOptions& options) {
  check_inputs(sets, labels, groups, options);
  // Without subjects every image is its own subject.
  std::vector<int> subject = dense_groups(groups);
  if (groups.empty()) {
    subject.resize(labels.size());
    std::iota(subject.begin(), subject.end(), 0);
  }
  const bool can_group = !groups.empty() && subjects_with(labels, subject) >= 2;
  if (options.folds == FoldKind::grouped && !can_group)
    throw Error(
        fmt::format("{}: fewer than 2 subjects show the concept",
                    options.groups_file.empty() ? sets[0].name : options.groups_file),
        groups.empty() ? "give the subjects with --groups" : "use stratified folds, or leave this action unit out");

  ConceptResult result;
  result.options = options;
  result.options.pairs = chosen_pairs(options, int(sets.size()));
  result.images = int(labels.size());
  result.positives = int(std::count(labels.begin(), labels.end(), 1));
  if (!groups.empty()) result.subjects = *std::max_element(subject.begin(), subject.end()) + 1;
  result.standardised = sets[0].standardised;
  const bool beside = options.grouped_beside && can_group && options.folds != FoldKind::grouped;
  result.main = run_scheme(sets, labels, subject, options.folds, options);
  ConceptOptions grouped = options;
  if (options.grouped_repeats > 0) grouped.repeats = options.grouped_repeats;
  if (beside) result.grouped = run_scheme(sets, labels, subject, FoldKind::grouped, grouped);
  return result;
}

}  // namespace palimpsest::analysis
