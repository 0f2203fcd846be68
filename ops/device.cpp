#include "ops/device.h"

#include <fmt/format.h>

namespace palimpsest {

std::string DeviceInfo::fingerprint() const {
  return fmt::format("{}, {} thread{}, convolution {}", name, threads, threads == 1 ? "" : "s", algorithms);
}

std::vector<float> Device::download(const Tensor& from) {
  std::vector<float> values(static_cast<std::size_t>(from.shape.count()));
  download(from, values);
  return values;
}

}  // namespace palimpsest
