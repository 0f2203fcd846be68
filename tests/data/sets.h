#pragma once
#include "data/readers.h"
#include "tests/data/scratch.h"

namespace palimpsest::data {

inline std::vector<std::string> ids(const Dataset& set) {
  std::vector<std::string> result;
  for (const auto& sample : set.samples) result.push_back(sample.id);
  return result;
}

// Whether the set lists `id` as skipped, for a reason that holds `reason`.
inline bool lists(const Dataset& set, const std::string& id, const std::string& reason) {
  for (const auto& skipped : set.skipped)
    if (skipped.id == id && skipped.reason.find(reason) != std::string::npos) return true;
  return false;
}

}  // namespace palimpsest::data
