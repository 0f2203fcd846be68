#pragma once
#include <span>
#include <string>
#include <vector>

#include "data/loader.h"
#include "lrp/explain.h"

namespace palimpsest {

// --target as it is written: one class for all images, one for each, true, predicted or all. A class is given by its
// number or by its name (base/class_names.h); what is a number is never taken for a name.
class TargetChoice {
 public:
  // Throws Error for a class that the weights do not tell apart, and for a list of another length than the images.
  // `names` of the classes: empty, where they are not known.
  TargetChoice(const std::string& text, int images, int classes, const std::vector<std::string>& names);

  bool all() const { return text_ == "all"; }
  int count() const { return all() ? classes_ : 1; }

  // The classes that may become targets: of `true` those of the labels, of `predicted` and `all` every class.
  std::vector<int> possible(const Examples& examples) const;

  // For one batch, whose images are first, first + 1, ...: for each target the class of each image. Throws Error when
  // the label is asked for and there is none.
  std::vector<Targets> of(const Batch& batch, int first, std::span<const float> logits) const;

 private:
  int class_of(const std::string& one, const std::vector<std::string>& names) const;
  int one(const Batch& batch, int i, int first, std::span<const float> logits) const;
  std::string text_;
  int classes_;
  std::vector<int> fixed_;
};

}  // namespace palimpsest
