#include "experiments/explain/targets.h"

#include <algorithm>
#include <sstream>

#include "base/csv.h"
#include "base/error.h"

namespace palimpsest {

TargetChoice::TargetChoice(const std::string& text, int images, int classes) : text_(text), classes_(classes) {
  if (text == "true" || text == "predicted" || text == "all") return;
  std::istringstream numbers(text);
  for (std::string one; std::getline(numbers, one, ',');) {
    const long target = parse_integer(one, "--target");
    if (target < 0 || target >= classes)
      throw Error(fmt::format("--target {} is no class of these weights, which tell {} apart", target, classes),
                  fmt::format("give classes from 0 to {}, or true, predicted or all", classes - 1));
    fixed_.push_back(int(target));
  }
  if (fixed_.size() != 1 && fixed_.size() != std::size_t(images))
    throw Error(fmt::format("--target names {} classes for {} images", fixed_.size(), images),
                "give one class, or one for each image");
}

std::vector<Targets> TargetChoice::of(const Batch& batch, int first, std::span<const float> logits) const {
  std::vector<Targets> targets;
  if (all()) {
    for (int c = 0; c < classes_; ++c) targets.emplace_back(std::size_t(batch.count), c);
  } else {
    targets.emplace_back();
    for (int i = 0; i < batch.count; ++i) targets.front().push_back(one(batch, i, first, logits));
  }
  return targets;
}

int TargetChoice::one(const Batch& batch, int i, int first, std::span<const float> logits) const {
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

}  // namespace palimpsest
