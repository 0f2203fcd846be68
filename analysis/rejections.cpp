#include "analysis/rejections.h"

#include <algorithm>
#include <cmath>

namespace palimpsest::analysis {

void Rejections::add(const std::string& test, double p, int set) {
  const std::lock_guard lock(adding_);
  auto found = std::ranges::find(tests_, test, &Test::name);
  if (found == tests_.end()) found = tests_.insert(tests_.end(), {test, {}});
  Count& count = found->sets[set];
  ++count.tests;
  count.rejected += p < level_;
}

std::vector<Rejections::Rate> Rejections::rates() const {
  std::vector<Rate> rates;
  for (const Test& test : tests_) {
    Rate rate{test.name, int(test.sets.size())};
    for (const auto& [set, count] : test.sets) rate.tests += count.tests, rate.rejected += count.rejected;
    double squares = 0;
    for (const auto& [set, count] : test.sets) {
      const double beyond = count.rejected - rate.rate() * count.tests;
      squares += beyond * beyond;
    }
    rate.error =
        rate.sets > 1 ? std::sqrt(squares) / rate.tests : std::sqrt(rate.rate() * (1 - rate.rate()) / rate.tests);
    rates.push_back(rate);
  }
  return rates;
}

bool Rejections::Rate::agrees_with(double expected) const {
  const double independent = rate() * (1 - rate()) / tests;
  const double design_effect = independent > 0 ? std::max(1.0, error * error / independent) : double(tests) / sets;
  return std::abs(rate() - expected) <= 2 * std::sqrt(design_effect * expected * (1 - expected) / tests);
}

}  // namespace palimpsest::analysis
