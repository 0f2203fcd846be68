#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/bootstrap.h"

// What a network makes of an action unit, from pairs of pictures that differ in nothing else (data/pairs.h). Intervals
// are of 95 % and clustered: the pairs of one subject count as one piece of evidence.
// They are about these very networks: how much another run of the training would differ is not in them.
namespace palimpsest::analysis {

// What a network says of the two pictures of each pair of one action unit.
struct PairScores {
  int classes = 0;
  std::vector<double> with, without;               // log-odds, pairs x classes
  std::vector<int> decided_with, decided_without;  // the class with the largest logit
  // The standard deviation of the log-odds of each class over the pictures with the unit, with divisor n - 1. Effects
  // are measured in it, so that networks and classes can be compared.
  std::vector<double> deviation;

  std::size_t pairs() const { return decided_with.size(); }
};

// The log-odds of class c are log(p / (1 - p)) for p = softmax(z), computed as z_c - log(sum of exp(z_j) over j != c),
// which is exact where p rounds to 0 or 1. with, without: logits, pairs x classes. requires: equal sizes, at least 2
// pairs and 2 classes, finite logits
PairScores pair_scores(std::span<const float> with, std::span<const float> without, int classes);

// A mean with Liang and Zeger's cluster-robust variance (Biometrika 73, 1986) for a mean,
//   V = G / (G - 1) sum over subjects of (sum of its deviations from the mean)^2 / n^2,
// and Student's t with G - 1 degrees of freedom for G subjects. One pair per subject gives the usual interval.
// requires: at least 2 subjects
MeanInterval clustered_mean(std::span<const double> values, std::span<const std::int64_t> subjects);

// The share p of the values that are not 0, with Wilson's interval for the effective number of values, which is n over
// the design effect (Kish 1965), V over p (1 - p) / (n - 1), at most n; where none or all are 0, and V says nothing, it
// is the number of subjects.
MeanInterval clustered_share(std::span<const std::uint8_t> values, std::span<const std::int64_t> subjects);

// What the action unit does to class c in some of its pairs.
struct PairEffect {
  int pairs = 0, subjects = 0;
  MeanInterval effect;    // mean of log-odds with - log-odds without, divided by the deviation
  MeanInterval to, from;  // the shares of pairs that the unit turns into class c, and that it turns from c into another
};
// which: the pairs. subjects: of all pairs. requires: deviation > 0, at least 2 subjects among `which`
PairEffect pair_effect(const PairScores& scores, int c, std::span<const int> which,
                       std::span<const std::int64_t> subjects);

// The same pairs before and after a training.
struct PairChange {
  PairEffect before, after;
  MeanInterval difference;  // after - before, of each pair
  // after / before, with Fieller's interval (J. of the Royal Statistical Society B 16, 1954). None if the interval of
  // `before` includes 0: what was not there cannot be kept or lost.
  std::optional<MeanInterval> ratio;
};
PairChange pair_change(const PairScores& before, const PairScores& after, int c, std::span<const int> which,
                       std::span<const std::int64_t> subjects);

}  // namespace palimpsest::analysis
