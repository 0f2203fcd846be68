#pragma once
#include <array>
#include <cstdint>

#include "base/words.h"
#include "ops/device.h"

namespace palimpsest::experiments {

// What is timed of a layer: the passes of ops/layer.h, relevance being its denominator, and the other half of
// relevance, which no table chooses an algorithm for.
enum class BenchPass : std::uint8_t { forward, backward_data, backward_weights, relevance, redistribution };
constexpr auto words(BenchPass) {
  return std::to_array<Word<BenchPass>>({{"forward", BenchPass::forward},
                                         {"backward_data", BenchPass::backward_data},
                                         {"backward_weights", BenchPass::backward_weights},
                                         {"relevance", BenchPass::relevance},
                                         {"redistribution", BenchPass::redistribution}});
}

// What must be done at the least, whatever the algorithm's tiles: every operand read once and every result written
// once, a multiplication and an addition counted as two. Padding lanes are counted, as memory holds them.
struct Work {
  double bytes = 0, flops = 0;
};

// bench/kernel_costs.toml has the same formulas for each kernel; tests/cuda_static/bench_costs_test.py compares them.
Work least_work(const Device& device, const LayerShape& shape, BenchPass pass);

}  // namespace palimpsest::experiments
