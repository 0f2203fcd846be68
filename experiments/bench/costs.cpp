#include "experiments/bench/costs.h"

namespace palimpsest::experiments {

Work least_work(const Device& device, const LayerShape& s, BenchPass pass) {
  const auto bytes = [&](const Shape& shape, Layout layout) { return double(device.bytes(shape, layout)); };
  const auto read = [&](const Shape& shape, Layout layout) {  // as an operand of a product
    const std::size_t copy = device.copy_bytes(shape, layout);
    return copy > 0 ? double(copy) : bytes(shape, layout);
  };
  const double x = bytes(s.input(), s.layout()), y = bytes(s.output(), s.layout());
  const double w = bytes(s.weights(), s.weights_layout()), b = bytes(s.bias(), s.vector_layout());
  const double read_x = read(s.input(), s.layout()), read_y = read(s.output(), s.layout());
  const double read_w = read(s.weights(), s.weights_layout());
  const double products = w / sizeof(float) * s.n * s.h * s.w;
  const double of_y = y / sizeof(float), of_x = x / sizeof(float);
  switch (pass) {
    case BenchPass::forward:
      return {read_x + read_w + b + y, 2 * products};
    case BenchPass::backward_data:
      return {read_y + read_w + x, 2 * products};
    case BenchPass::backward_weights:
      return {read_x + read_y + w + b, 2 * products + of_y};
    case BenchPass::relevance:  // z+ with a floor: also reads the floor and R, writes s
      return {read_x + read_w + b + 3 * y, 2 * products + 3 * of_y};
    case BenchPass::redistribution:  // also reads x
      return {read_y + read_w + 2 * x, 2 * products + of_x};
  }
  return {};
}

}  // namespace palimpsest::experiments
