#include "analysis/rejections.h"

#include <algorithm>
#include <cmath>

namespace palimpsest::analysis {

void Rejections::add(const std::string& test, double p) {
  auto found = std::ranges::find(rates_, test, &Rate::test);
  if (found == rates_.end()) found = rates_.insert(rates_.end(), {test});
  ++found->sets;
  found->rejected += p < level_;
}

double Rejections::Rate::error() const {
  return std::sqrt(rate() * (1 - rate()) / sets);
}

bool Rejections::Rate::agrees_with(double expected) const {
  return std::abs(rate() - expected) <= 2 * std::sqrt(expected * (1 - expected) / sets);
}

}  // namespace palimpsest::analysis
