#include "tests/support/guarded.h"

#include <limits>
#include <vector>

namespace palimpsest {

namespace {
constexpr float kGuard = 12345.0F;

// The shape with every padding lane made real: the largest that needs the same memory.
Shape filled_up(const Device& device, const Shape& shape, Layout layout) {
  Shape full = shape;
  const std::size_t bytes = device.bytes(shape, layout);
  const auto grow = [&](int Shape::* extent) {
    for (Shape more = full; (++(more.*extent), device.bytes(more, layout)) == bytes;) full = more;
  };
  if (layout != Layout::matrix) grow(&Shape::c);
  if (layout == Layout::kernel) grow(&Shape::n);
  return full;
}

std::size_t inner_count(const Shape& full, Layout layout) {
  return layout == Layout::channels ? std::size_t(full.c) : std::size_t(full.count());
}
}  // namespace

Guarded make_guarded(Device& device, const Shape& shape, Layout layout) {
  const Shape full = filled_up(device, shape, layout);
  Shape more = full;
  (layout == Layout::channels ? more.c : more.n) += 1;
  Guarded guarded{{shape, layout, nullptr}, device.make(more, layout)};
  std::vector<float> values(std::size_t(more.count()), kGuard);
  for (std::size_t i = 0; i < inner_count(full, layout); ++i) values[i] = std::numeric_limits<float>::quiet_NaN();
  device.upload(guarded.whole, values);
  guarded.tensor.storage = guarded.whole.storage;
  return guarded;
}

int broken_guards(Device& device, const Guarded& guarded) {
  const Shape full = filled_up(device, guarded.tensor.shape, guarded.tensor.layout);
  const auto values = device.download(guarded.whole);
  int broken = 0;
  for (std::size_t i = inner_count(full, guarded.tensor.layout); i < values.size(); ++i) broken += values[i] != kGuard;
  return broken;
}

}  // namespace palimpsest
