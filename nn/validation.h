#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/words.h"
#include "ops/loss.h"

namespace palimpsest::nn {

// The epoch whose weights a run keeps: its last, or the best on the validation part.
enum class Keep : std::uint8_t { last, loss, recall, auc };
constexpr auto words(Keep) {
  return std::to_array<Word<Keep>>(
      {{"last", Keep::last}, {"loss", Keep::loss}, {"recall", Keep::recall}, {"auc", Keep::auc}});
}

// What a network does on the validation part in one epoch.
class Validation {
 public:
  explicit Validation(int classes) : odds_(std::size_t(classes)) {}
  // A batch: the mean loss of its examples, their labels, and one row of logits for each.
  void add(const LossResult& result, std::span<const int> labels, std::span<const float> logits);

  double loss() const { return loss_ / double(labels_.size()); }
  double accuracy() const { return double(correct_) / double(labels_.size()); }
  // Means over the classes that occur. recall: the share of a class' examples with the largest logit there; auc: the
  // area under the ROC curve of a class against all others by its softmax probability, 1/2 if only one class occurs.
  double recall() const;
  double auc() const;

  // Throws Error naming the run where pictures of several classes all get the same logits, as from a network in which
  // no unit that depends on the picture is alive.
  void require_alive(const std::string& run) const;

  // Larger is better. requires: keep is not Keep::last
  double score(Keep keep) const;

 private:
  double loss_ = 0;
  std::int64_t correct_ = 0;
  std::vector<int> labels_;
  std::vector<std::vector<double>> odds_;  // of a class: log-odds of its probability
};

}  // namespace palimpsest::nn
