#include "ops/device.h"

#include <fmt/format.h>

namespace palimpsest {

std::string DeviceInfo::fingerprint() const {
  return fmt::format("{}, {} thread{}, convolution {}", name, threads, threads == 1 ? "" : "s", algorithms);
}

Tensor Device::make(const Shape& shape, Layout layout, std::span<const float> values) {
  Tensor tensor = make(shape, layout);
  upload(tensor, values);
  return tensor;
}

std::vector<float> Device::download(const Tensor& from) {
  std::vector<float> values(static_cast<std::size_t>(from.shape.count()));
  download(from, values);
  return values;
}

double Device::sum(const Tensor& tensor) {
  const Scalars one = make_scalars(1);
  sum(tensor, one);
  return read(one, 1).front();
}

}  // namespace palimpsest
