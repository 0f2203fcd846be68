#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/bench/costs.h"
#include "experiments/bench/measure.h"

namespace palimpsest::experiments {

// One line of the table and of the file: something that was timed.
struct BenchRow {
  enum class Kind : std::uint8_t { layer, operation, step };
  Kind kind = Kind::layer;
  std::string name = {};        // conv3_1, max_pool, "training"
  std::string layer = {};       // torchvision's name of the first layer of this shape; of an operation, what it is for
  int layers = 1;               // of this shape
  std::vector<int> shape = {};  // of a layer (n, c, h, w, k), of an operation's tensor (n, c, h, w)
  std::string pass = {};        // of a layer
  std::string algorithm = {};   // that ran it, or failed
  double direct_flops = 0;      // of the direct algorithm, without padding
  Work least = {};
  Measured measured = {};

  // Seconds by which traffic and the roofline are judged: cold ones, if measured, because only then do the operands
  // come from memory. requires: it ran
  double seconds_from_memory() const { return (measured.cold ? measured.cold : measured.warm)->seconds.median; }
};

}  // namespace palimpsest::experiments
