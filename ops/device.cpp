#include "ops/device.h"

namespace palimpsest {

std::vector<float> Device::download(const Tensor& from) {
  std::vector<float> values(static_cast<std::size_t>(from.shape.count()));
  download(from, values);
  return values;
}

}  // namespace palimpsest
