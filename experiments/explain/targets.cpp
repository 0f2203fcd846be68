#include "experiments/explain/targets.h"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "base/error.h"
#include "experiments/labels.h"

namespace palimpsest::experiments {

TargetChoice::TargetChoice(const std::string& text, int images, int classes, const std::vector<std::string>& names)
    : text_(text), classes_(classes) {
  if (text == "true" || text == "predicted" || text == "all") return;
  std::istringstream list(text);
  for (std::string one; std::getline(list, one, ',');) fixed_.push_back(class_of(one, names));
  if (fixed_.size() != 1 && fixed_.size() != std::size_t(images))
    throw Error(fmt::format("--target names {} classes for {} images", fixed_.size(), images),
                "give one class, or one for each image");
}

int TargetChoice::class_of(const std::string& one, const std::vector<std::string>& names) const {
  const int target = class_named(one, classes_, names, "--target");
  if (target >= 0) return target;
  throw Error(fmt::format("--target {} is not a class of these weights, which have {}{}", one, classes_,
                          names.empty() ? "" : ": " + list_text(names)),
              names.empty() ? fmt::format("give classes from 0 to {}, or true, predicted or all", classes_ - 1)
                            : "give one of these names or its number, or true, predicted or all");
}

std::vector<int> TargetChoice::possible(const data::Examples& examples) const {
  if (!fixed_.empty()) return fixed_;
  std::vector<int> every(static_cast<std::size_t>(classes_));
  std::iota(every.begin(), every.end(), 0);
  if (text_ == "true") {
    std::vector<bool> there(every.size());
    for (int i = 0; i < examples.count(); ++i)
      if (const int label = examples.label(i); label >= 0 && label < classes_) there[std::size_t(label)] = true;
    std::erase_if(every, [&](int c) { return !there[std::size_t(c)]; });
  }
  return every;
}

std::vector<lrp::Targets> TargetChoice::of(const data::Batch& batch, int first, std::span<const float> logits) const {
  std::vector<lrp::Targets> targets;
  if (all()) {
    for (int c = 0; c < classes_; ++c) targets.emplace_back(std::size_t(batch.count), c);
  } else {
    targets.emplace_back();
    for (int i = 0; i < batch.count; ++i) targets.front().push_back(one(batch, i, first, logits));
  }
  return targets;
}

int TargetChoice::one(const data::Batch& batch, int i, int first, std::span<const float> logits) const {
  if (text_ == "predicted") {
    const auto row = logits.subspan(std::size_t(i) * std::size_t(classes_), std::size_t(classes_));
    return int(std::max_element(row.begin(), row.end()) - row.begin());
  }
  if (text_ != "true") return fixed_.size() == 1 ? fixed_.front() : fixed_[std::size_t(first + i)];
  const int label = batch.labels[std::size_t(i)];
  if (label < 0 || label >= classes_)
    throw Error(fmt::format("image {} has no usable label, which --target true needs", first + i),
                "give labels, or --target predicted");
  return label;
}

}  // namespace palimpsest::experiments
