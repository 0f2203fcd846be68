#pragma once
#include <span>
#include <string>
#include <vector>

#include "data/loader.h"
#include "lrp/explain.h"

namespace palimpsest {

// --target as it is written: one class for all images, one for each, true, predicted or all.
class TargetChoice {
 public:
  // Throws Error for a class that the weights do not tell apart, and for a list of another length than the images.
  TargetChoice(const std::string& text, int images, int classes);

  bool all() const { return text_ == "all"; }
  int count() const { return all() ? classes_ : 1; }

  // For one batch, whose images are first, first + 1, ...: for each target the class of each image. Throws Error when
  // the label is asked for and there is none.
  std::vector<Targets> of(const Batch& batch, int first, std::span<const float> logits) const;

 private:
  int one(const Batch& batch, int i, int first, std::span<const float> logits) const;
  std::string text_;
  int classes_;
  std::vector<int> fixed_;
};

}  // namespace palimpsest
