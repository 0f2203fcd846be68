#include "experiments/bench/filled.h"

#include <algorithm>

#include "base/random.h"

namespace palimpsest::experiments {

Tensor filled(Device& device, const Shape& shape, Layout layout, double low) {
  constexpr std::size_t period = 1'000'003;
  Random random(1, Purpose::test);
  std::vector<float> values(std::size_t(shape.count()));
  const std::size_t drawn = std::min(period, values.size());
  for (std::size_t i = 0; i < drawn; ++i) values[i] = float(std::max(low, random.uniform(-1, 1)));
  for (std::size_t i = drawn; i < values.size(); i += period)
    std::copy_n(values.begin(), std::min(period, values.size() - i), values.begin() + std::ptrdiff_t(i));
  return device.make(shape, layout, values);
}

}  // namespace palimpsest::experiments
