#pragma once
#include <span>
#include <string>
#include <vector>

#include "data/loader.h"
#include "lrp/explain.h"

namespace palimpsest::experiments {

// The value of --target: one class for all images, one for each, true, predicted or all. A class is given by its
// number or by its name (base/class_names.h); a number is never interpreted as a name.
class TargetChoice {
 public:
  // Throws Error for a class that the weights do not have, and for a list of another length than the images.
  // `names` of the classes: empty if not known.
  TargetChoice(const std::string& text, int images, int classes, const std::vector<std::string>& names);

  bool all() const { return text_ == "all"; }
  int count() const { return all() ? classes_ : 1; }

  // The possible target classes: for `true` those of the labels, for `predicted` and `all` every class.
  std::vector<int> possible(const data::Examples& examples) const;

  // For one batch, whose images are first, first + 1, ...: for each target the class of each image. Throws Error when
  // a required label is missing.
  std::vector<lrp::Targets> of(const data::Batch& batch, int first, std::span<const float> logits) const;

 private:
  int class_of(const std::string& one, const std::vector<std::string>& names) const;
  int one(const data::Batch& batch, int i, int first, std::span<const float> logits) const;
  std::string text_;
  int classes_;
  std::vector<int> fixed_;
};

}  // namespace palimpsest::experiments
