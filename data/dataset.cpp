#include "data/dataset.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"

namespace palimpsest::data {

std::vector<std::int64_t> class_counts(const Dataset& set) {
  std::vector<std::int64_t> counts(set.classes.size());
  for (const auto& sample : set.samples)
    if (sample.label >= 0) ++counts.at(std::size_t(sample.label));
  return counts;
}

void require_every_class(const Dataset& set, const std::string& part) {
  const auto counts = class_counts(set);
  std::vector<std::string> empty;
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] == 0) empty.push_back(set.classes[c]);
  if (empty.empty()) return;
  const auto why = std::ranges::find(set.skipped, empty.front(), &Skipped::id);  // a class folder without pictures
  throw Error(fmt::format("the {} of {} has no picture of class {}{}", part, set.name, fmt::join(empty, ", "),
                          why == set.skipped.end() ? "" : fmt::format(" ({}: {})", why->id, why->reason)),
              fmt::format("drop the class with --drop-classes {}, or use a set that has it", fmt::join(empty, ",")));
}

std::vector<std::int64_t> action_unit_labels(const Dataset& set, int number) {
  std::vector<std::int64_t> labels;
  labels.reserve(set.samples.size());
  for (const auto& sample : set.samples)
    labels.push_back(std::any_of(sample.action_units.begin(), sample.action_units.end(),
                                 [&](const ActionUnit& unit) { return unit.number == number; }));
  return labels;
}

std::vector<int> action_units_in(const Dataset& set) {
  std::set<int> numbers;
  for (const auto& sample : set.samples)
    for (const auto& unit : sample.action_units) numbers.insert(unit.number);
  return {numbers.begin(), numbers.end()};
}

std::vector<std::int64_t> subject_groups(const Dataset& set) {
  std::map<std::string, std::int64_t> numbers;
  std::vector<std::int64_t> groups;
  groups.reserve(set.samples.size());
  for (const auto& sample : set.samples)
    groups.push_back(numbers.try_emplace(sample.subject, std::int64_t(numbers.size())).first->second);
  return groups;
}

}  // namespace palimpsest::data
