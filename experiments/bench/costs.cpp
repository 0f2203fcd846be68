#include "experiments/bench/costs.h"

namespace palimpsest::experiments {

Work least_work(const Device& device, const LayerShape& s, BenchPass pass) {
  const auto bytes = [&](const Shape& shape, Layout layout) { return double(device.bytes(shape, layout)); };
  const double x = bytes(s.input(), s.layout()), y = bytes(s.output(), s.layout());
  const double w = bytes(s.weights(), s.weights_layout()), b = bytes(s.bias(), s.vector_layout());
  const double products = w / sizeof(float) * s.n * s.h * s.w;
  const double of_y = y / sizeof(float), of_x = x / sizeof(float);
  switch (pass) {
    case BenchPass::forward:
      return {x + w + b + y, 2 * products};
    case BenchPass::backward_data:
      return {y + w + x, 2 * products};
    case BenchPass::backward_weights:
      return {x + y + w + b, 2 * products + of_y};
    case BenchPass::relevance:  // z+ with a floor: also reads the floor and R, writes s
      return {x + w + b + 3 * y, 2 * products + 3 * of_y};
    case BenchPass::redistribution:  // also reads x
      return {y + w + 2 * x, 2 * products + of_x};
  }
  return {};
}

}  // namespace palimpsest::experiments
