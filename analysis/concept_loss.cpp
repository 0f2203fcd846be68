#include "analysis/concept_loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "analysis/bootstrap.h"
#include "analysis/parallel.h"
#include "analysis/probe.h"
#include "analysis/significance.h"
#include "base/error.h"

namespace palimpsest::analysis {

namespace {

using Eigen::MatrixXd;

constexpr int kRepeatsForCost = 4;

// Areas of one repeat: [cost][set][half].
using Areas = std::vector<std::vector<std::array<double, 2>>>;

Areas areas_of_repeat(std::span<const MatrixXd> sets, std::span<const int> labels, std::span<const std::uint8_t> half,
                      std::span<const double> costs) {
  Areas areas(costs.size(), std::vector<std::array<double, 2>>(sets.size()));
  for (const std::size_t held_out : {0, 1}) {
    std::vector<int> train, test, truth;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      (half[i] == held_out ? test : train).push_back(int(i));
      if (half[i] == held_out) truth.push_back(labels[i]);
    }
    for (std::size_t set = 0; set < sets.size(); ++set) {
      std::optional<Probe> probe;
      for (std::size_t c = 0; c < costs.size(); ++c) {
        probe = Probe::train(sets[set], train, labels, 2, costs[c], probe ? &*probe : nullptr, kProbeToleranceForAreas);
        const double auc = class_auc(probe->log_odds(sets[set], test), 1, truth);
        areas[c][set][held_out] = std::isnan(auc) ? 0.5 : auc;  // one class only: no ranking
      }
    }
  }
  return areas;
}

struct Halves {
  FoldKind kind;
  std::vector<int> groups;
};

// Subjects' halves if two of them show the concept.
Halves halves_of(std::span<const std::int64_t> labels, std::span<const std::int64_t> groups) {
  if (groups.empty()) return {FoldKind::stratified, {}};
  std::optional<std::int64_t> first;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] != 1) continue;
    if (first && *first != groups[i]) return {FoldKind::grouped, dense_groups(groups)};
    first = groups[i];
  }
  return {FoldKind::stratified, {}};
}

// Of the repeats first, ..., last - 1.
std::vector<Areas> areas_of_repeats(std::span<const MatrixXd> sets, std::span<const std::int64_t> labels,
                                    const Halves& halves, int first, int last, std::span<const double> costs,
                                    std::uint64_t seed) {
  const std::vector<int> classes(labels.begin(), labels.end());
  std::vector<Areas> areas(std::size_t(last - first));
  in_parallel("concept probes", first, last, [&](int r) {
    const Random random(seed, Purpose::folds, std::uint32_t(halves.kind), std::uint64_t(r));
    areas[std::size_t(r - first)] =
        areas_of_repeat(sets, classes, two_folds(halves.kind, labels, halves.groups, random), costs);
  });
  return areas;
}

// The number of the cost with the largest mean area.
std::size_t best_cost(std::span<const Areas> repeats) {
  std::vector<double> sums(std::size(kProbeCosts), 0);
  for (const Areas& areas : repeats)
    for (std::size_t c = 0; c < sums.size(); ++c)
      for (const auto& [first, second] : areas[c]) sums[c] += first + second;
  return std::size_t(std::ranges::max_element(sums) - sums.begin());
}

ConceptLoss loss_of(std::span<const Areas> repeats, std::span<const double> area_of_set,
                    const ConceptLossOptions::Runs& compared) {
  ConceptLoss result;
  result.before = area_of_set[std::size_t(compared.before)];
  result.runs = int(compared.after.size());
  const auto runs = double(result.runs);
  std::vector<double> areas, differences;
  for (const int set : compared.after) areas.push_back(area_of_set[std::size_t(set)]);
  result.after = mean_of(areas);
  result.run_variance = variance_of(areas);
  for (const Areas& repeat : repeats)
    for (const std::size_t half : {0, 1}) {
      differences.push_back(repeat[0][std::size_t(compared.before)][half]);
      for (const int set : compared.after) differences.back() -= repeat[0][std::size_t(set)][half] / runs;
    }
  const auto count = double(differences.size());
  result.image_variance = (1 / count + 1) * variance_of(differences);
  const VariancePart parts[]{{result.image_variance, count - 1}, {result.run_variance / runs, runs - 1}};
  result.loss = estimate(result.before - result.after, std::span(parts, result.runs > 1 ? 2 : 1));
  return result;
}

}  // namespace

ConceptLosses concept_losses(std::span<const MatrixXd> sets, std::span<const std::int64_t> labels,
                             std::span<const std::int64_t> groups, const ConceptLossOptions& options) {
  const auto positives = std::ranges::count(labels, 1);
  PALIMPSEST_REQUIRE(!sets.empty() && options.repeats >= 2 && positives >= 2 && std::ssize(labels) - positives >= 2,
                     "{} sets, {} repeats, {} of {} examples show the concept", sets.size(), options.repeats, positives,
                     labels.size());
  PALIMPSEST_REQUIRE(groups.empty() || groups.size() == labels.size(), "{} groups", groups.size());
  for (const MatrixXd& set : sets)
    PALIMPSEST_REQUIRE(set.rows() == std::ssize(labels), "{} rows, {} labels", set.rows(), labels.size());
  const Halves halves = halves_of(labels, groups);
  ConceptLosses result;
  result.halves = halves.kind;
  result.images = int(labels.size());
  result.positives = int(positives);
  result.repeats = options.repeats;
  const int tried = std::min(kRepeatsForCost, options.repeats);
  std::vector<Areas> repeats = areas_of_repeats(sets, labels, halves, 0, tried, kProbeCosts, options.seed);
  const std::size_t best = best_cost(repeats);
  result.c = kProbeCosts[best];
  for (Areas& areas : repeats) areas = {std::move(areas[best])};
  for (Areas& areas :
       areas_of_repeats(sets, labels, halves, tried, options.repeats, std::span(&result.c, 1), options.seed))
    repeats.push_back(std::move(areas));
  for (std::size_t set = 0; set < sets.size(); ++set) {
    double sum = 0;
    for (const Areas& repeat : repeats) sum += repeat[0][set][0] + repeat[0][set][1];
    result.areas.push_back(sum / (2 * double(repeats.size())));
  }
  for (const ConceptLossOptions::Runs& compared : options.compared) {
    PALIMPSEST_REQUIRE(!compared.after.empty(), "no runs after set {}", compared.before);
    result.losses.push_back(loss_of(repeats, result.areas, compared));
  }
  return result;
}

}  // namespace palimpsest::analysis
