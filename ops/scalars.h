#pragma once
#include <memory>

#include "ops/tensor.h"

namespace palimpsest {

// Where operations leave doubles on the device, from `first` on, so that the host waits once for all of them
// (Device::read). Empty: nowhere, and what would go there is not computed.
struct Scalars {
  std::shared_ptr<Storage> storage;
  int first = 0;

  bool empty() const { return storage == nullptr; }
  Scalars from(int count) const { return {storage, first + count}; }
};

}  // namespace palimpsest
