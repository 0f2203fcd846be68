#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "lrp/rules.h"
#include "ops/device.h"

namespace palimpsest::lrp {

// f(W) for the weight maps of a model's rules, each computed once and again only when the weights have changed.
class MappedWeights {
 public:
  explicit MappedWeights(Device& device) : device_(device) {}

  // `from` itself for WeightMap::identity. gamma matters for the gamma maps only.
  Tensor get(const Tensor& from, WeightMap map, double gamma);

  // All again whose weights have changed, where they are.
  void refresh();

  // A group's terms as the operations take them, on a layer's weights and bias. `constant` supplies constant inputs.
  std::vector<RelevanceTerm> terms(const RuleGroup& group, double gamma, const Tensor& weights, const Tensor& bias,
                                   const std::function<Tensor(Constant)>& constant = {});

 private:
  struct Entry {
    Tensor from, mapped;
    WeightMap map;
    double gamma;
    std::uint64_t version;  // of `from` when it was mapped
  };
  void refresh(Entry& entry);
  Device& device_;
  std::vector<Entry> entries_;
};

}  // namespace palimpsest::lrp
