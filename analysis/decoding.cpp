#include "analysis/decoding.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "analysis/probe.h"
#include "base/error.h"

namespace palimpsest::analysis {

namespace {

using Eigen::MatrixXd;

std::vector<int> examples_in(std::span<const std::uint8_t> halves, int half) {
  std::vector<int> examples;
  for (std::size_t i = 0; i < halves.size(); ++i)
    if (halves[i] == half) examples.push_back(int(i));
  return examples;
}

void append_rows(std::vector<float>& to, const FeatureRows& x, std::span<const int> examples) {
  for (const int i : examples) {
    const auto row = x.values.subspan(std::size_t(i) * std::size_t(x.columns), std::size_t(x.columns));
    to.insert(to.end(), row.begin(), row.end());
  }
}

std::vector<int> some(std::span<const int> labels, std::span<const int> examples) {
  std::vector<int> chosen;
  for (const int i : examples) chosen.push_back(labels[std::size_t(i)]);
  return chosen;
}

// Takes the mean of `train` off both: its bias would make up for it, but the optimum is far sooner found without.
// False if nothing is left but rounding.
bool centre(std::vector<float>& train, std::vector<float>& score, int columns) {
  const auto width = std::size_t(columns);
  std::vector<double> mean(width);
  double squares = 0, left = 0;
  for (std::size_t i = 0; i < train.size(); ++i) {
    mean[i % width] += double(train[i]) / double(train.size() / width);
    squares += double(train[i]) * double(train[i]);
  }
  for (auto* values : {&train, &score})
    for (std::size_t i = 0; i < values->size(); ++i) (*values)[i] = float(double((*values)[i]) - mean[i % width]);
  for (const float value : train) left += double(value) * double(value);
  return left > 1e-13 * squares;
}

// Log-odds of `score`, whose rows are as wide as those of x, by a probe trained on `train`; none if features do not
// vary.
std::optional<MatrixXd> scored(std::vector<float> train, std::vector<float> score, const FeatureRows& x,
                               std::span<const int> labels, int classes, std::uint64_t seed) {
  if (!centre(train, score, x.columns)) return {};
  const ProbeFeatures features(train, score, x.columns, x.name);
  const auto areas = probe_cross_validation(features.train(), labels, classes, seed);
  const double cost = kProbeCosts[std::ranges::max_element(areas) - areas.begin()];
  const Probe probe = Probe::train(features.train(), labels, classes, cost);
  return probe.log_odds(features.score());
}

bool two_classes(std::span<const int> labels) {
  return !labels.empty() && std::ranges::any_of(labels, [&](int label) { return label != labels.front(); });
}

}  // namespace

std::vector<std::uint8_t> class_halves(std::span<const int> labels, std::span<const std::int64_t> groups,
                                       Random random) {
  PALIMPSEST_REQUIRE(labels.size() == groups.size(), "{} labels, {} groups", labels.size(), groups.size());
  std::map<std::int64_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < groups.size(); ++i) members[groups[i]].push_back(i);
  std::vector<const std::vector<std::size_t>*> in_order;
  for (const auto& [group, examples] : members) in_order.push_back(&examples);
  std::vector<std::uint8_t> halves(labels.size());
  std::array<std::map<int, int>, 2> of_class;
  std::array<int, 2> examples{};
  for (const int g : permutation(int(in_order.size()), random)) {
    const auto& group = *in_order[std::size_t(g)];
    std::map<int, int> counts;
    for (const std::size_t i : group) ++counts[labels[i]];
    const int frequent = std::ranges::max_element(counts, {}, [](const auto& c) { return c.second; })->first;
    const auto load = [&](std::size_t half) { return std::pair(of_class[half][frequent], examples[half]); };
    const std::uint8_t half = load(0) == load(1) ? std::uint8_t(random.below(2)) : std::uint8_t(load(1) < load(0));
    for (const std::size_t i : group) halves[i] = half, ++of_class[half][labels[i]], ++examples[half];
  }
  return halves;
}

std::vector<double> probe_areas(const FeatureRows& x, std::span<const int> labels, int classes,
                                std::span<const std::uint8_t> halves, std::uint64_t seed) {
  std::vector<double> areas(std::size_t(classes), 0);
  for (const int half : {0, 1}) {
    const auto trained = examples_in(halves, 1 - half), held_out = examples_in(halves, half);
    const auto to_learn = some(labels, trained), to_read = some(labels, held_out);
    if (!two_classes(to_learn) || to_read.empty()) return std::vector(areas.size(), std::nan(""));
    std::vector<float> train, score;
    append_rows(train, x, trained);
    append_rows(score, x, held_out);
    const auto odds = scored(std::move(train), std::move(score), x, to_learn, classes, seed);
    for (int c = 0; c < classes; ++c) {
      const bool learnt = odds && std::ranges::find(to_learn, c) != to_learn.end();
      areas[std::size_t(c)] += learnt ? class_auc(*odds, c, to_read) / 2 : std::nan("");
    }
  }
  return areas;
}

ConceptReading read_concept(const FeatureRows& before, const FeatureRows& after, std::span<const int> labels,
                            std::span<const std::uint8_t> halves, std::uint64_t seed) {
  PALIMPSEST_REQUIRE(before.columns == after.columns && before.values.size() == after.values.size(),
                     "{} and {} columns", before.columns, after.columns);
  ConceptReading reading;
  for (const int half : {0, 1}) {
    const auto trained = examples_in(halves, 1 - half), held_out = examples_in(halves, half);
    const auto to_learn = some(labels, trained), to_read = some(labels, held_out);
    if (!two_classes(to_learn) || !two_classes(to_read)) return {std::nan(""), std::nan(""), std::nan("")};
    std::vector<float> train, score;
    append_rows(train, before, trained);
    append_rows(score, before, held_out);
    append_rows(score, after, held_out);
    const auto n = std::ptrdiff_t(held_out.size());
    const auto odds = scored(std::move(train), std::move(score), before, to_learn, 2, seed);
    reading.before += odds ? class_auc(odds->topRows(n), 1, to_read) / 2 : std::nan("");
    reading.unchanged += odds ? class_auc(odds->bottomRows(n), 1, to_read) / 2 : std::nan("");
    std::vector<float> train_after, score_after;
    append_rows(train_after, after, trained);
    append_rows(score_after, after, held_out);
    const auto refitted = scored(std::move(train_after), std::move(score_after), after, to_learn, 2, seed);
    reading.refitted += refitted ? class_auc(*refitted, 1, to_read) / 2 : std::nan("");
  }
  return reading;
}

}  // namespace palimpsest::analysis
