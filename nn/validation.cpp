#include "nn/validation.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/ranking.h"

namespace palimpsest::nn {

void Validation::add(const LossResult& result, std::span<const int> labels, std::span<const float> logits) {
  const std::size_t classes = odds_.size();
  PALIMPSEST_REQUIRE(logits.size() == labels.size() * classes, "{} logits for {} examples", logits.size(),
                     labels.size());
  loss_ += result.loss * double(labels.size());
  correct_ += result.correct;
  labels_.insert(labels_.end(), labels.begin(), labels.end());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = logits.subspan(i * classes, classes);
    for (std::size_t c = 0; c < classes; ++c) {
      // z_c - log of the sum over the others of exp(z): exact where the probability itself would round to 0 or 1.
      double top = -HUGE_VAL, sum = 0;
      for (std::size_t other = 0; other < classes; ++other)
        if (other != c) top = std::max(top, double(row[other]));
      for (std::size_t other = 0; other < classes; ++other)
        if (other != c) sum += std::exp(double(row[other]) - top);
      odds_[c].push_back(classes > 1 ? double(row[c]) - top - std::log(sum) : double(row[c]));
    }
  }
}

double Validation::recall() const {
  std::vector<std::int64_t> right(odds_.size()), of(odds_.size());
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    std::size_t best = 0;
    for (std::size_t c = 1; c < odds_.size(); ++c)
      if (odds_[c][i] > odds_[best][i]) best = c;
    const auto label = std::size_t(labels_[i]);
    ++of[label];
    right[label] += best == label;
  }
  double sum = 0, classes = 0;
  for (std::size_t c = 0; c < of.size(); ++c)
    if (of[c] > 0) sum += double(right[c]) / double(of[c]), classes += 1;
  return sum / classes;
}

double Validation::auc() const {
  double sum = 0, classes = 0;
  for (std::size_t c = 0; c < odds_.size(); ++c) {
    std::vector<std::uint8_t> positive;
    for (const int label : labels_) positive.push_back(std::size_t(label) == c);
    const auto count = std::ranges::count(positive, 1);
    if (count == 0 || std::size_t(count) == positive.size()) continue;
    sum += ranking_auc(odds_[c], positive), classes += 1;
  }
  return classes > 0 ? sum / classes : 0.5;
}

void Validation::require_alive(const std::string& run) const {
  const auto same = [](const auto& values) {
    return std::ranges::all_of(values, [&](const auto& value) { return value == values.front(); });
  };
  if (same(labels_) || !std::ranges::all_of(odds_, same)) return;
  throw Error(
      fmt::format("{} has learned nothing: every picture of the validation part gets the same answer, as from a "
                  "network whose units are dead",
                  run),
      "train again from the start with a smaller --lr, more --warmup-steps or --plain-epochs, or another --seed");
}

double Validation::score(Keep keep) const {
  switch (keep) {
    case Keep::recall:
      return recall();
    case Keep::auc:
      return auc();
    default:
      return -loss();
  }
}

}  // namespace palimpsest::nn
