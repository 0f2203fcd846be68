#include "lrp/ledger.h"

#include "base/error.h"

namespace palimpsest::lrp {

void Ledger::add(const Ledger& batch) {
  if (layers.empty()) {
    layers = batch.layers;
    return;
  }
  PALIMPSEST_REQUIRE(layers.size() == batch.layers.size(), "{} layers and {}", layers.size(), batch.layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    LedgerEntry& sum = layers[i];
    const LedgerEntry& part = batch.layers[i];
    sum.relevance_in += part.relevance_in;
    sum.relevance_out += part.relevance_out;
    sum.to_bias += part.to_bias;
    sum.to_stabiliser += part.to_stabiliser;
    sum.to_zero += part.to_zero;
    sum.near_zero += part.near_zero;
  }
}

}  // namespace palimpsest::lrp
