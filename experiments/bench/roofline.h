#pragma once
#include <optional>
#include <string>

#include "cuda/precision.h"
#include "experiments/bench/costs.h"

namespace palimpsest::experiments {

// The figures of a GPU in bench/gpus.toml, which is part of the program.
struct Peaks {
  std::string model;     // the name there
  double bandwidth = 0;  // bytes per second
  double flops = 0;      // FLOP/s in the precision
  std::string source;
};

// By the name that the driver reports; none for others, and for a precision that the GPU lacks.
std::optional<Peaks> peaks_of(const std::string& gpu, Precision precision);

// Roofline (Williams, Waterman and Patterson, 2009): the share of a time that the work needs at the least, when every
// byte moves at the bandwidth or every operation runs at the peak, whichever takes longer.
double share_of_roofline(const Work& least, const Peaks& peaks, double seconds);

}  // namespace palimpsest::experiments
