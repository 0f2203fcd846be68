#include "lrp/mapped_weights.h"

#include <algorithm>

namespace palimpsest::lrp {

Tensor MappedWeights::get(const Tensor& from, WeightMap map, double gamma) {
  if (map == WeightMap::identity) return from;
  auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) {
    return e.from.storage == from.storage && e.map == map && e.gamma == gamma;
  });
  if (at == entries_.end()) {
    entries_.push_back({from, device_.make(from.shape, from.layout), map, gamma, from.storage->version});
    at = entries_.end() - 1;
    device_.map_weights(from, map, gamma, at->mapped);
  } else {
    refresh(*at);
  }
  return at->mapped;
}

void MappedWeights::refresh() {
  for (Entry& entry : entries_) refresh(entry);
}

void MappedWeights::refresh(Entry& entry) {
  if (entry.version == entry.from.storage->version) return;
  device_.map_weights(entry.from, entry.map, entry.gamma, entry.mapped);
  entry.version = entry.from.storage->version;
}

std::vector<RelevanceTerm> MappedWeights::terms(const RuleGroup& group, double gamma, const Tensor& weights,
                                                const Tensor& bias, const std::function<Tensor(Constant)>& constant) {
  std::vector<RelevanceTerm> mapped;
  for (const RuleTerm& term : group.terms)
    mapped.push_back({.input = term.input,
                      .constant = term.input == InputMap::constant ? constant(term.constant) : Tensor{},
                      .weights = get(weights, term.weights, gamma),
                      .bias = term.bias ? get(bias, *term.bias, gamma) : Tensor{},
                      .sign = term.sign});
  return mapped;
}

}  // namespace palimpsest::lrp
