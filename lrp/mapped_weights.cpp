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
  } else if (at->version != from.storage->version) {
    device_.map_weights(from, map, gamma, at->mapped);
    at->version = from.storage->version;
  }
  return at->mapped;
}

}  // namespace palimpsest::lrp
