#pragma once
#include <string>
#include <vector>

#include "experiments/bench/bench_file.h"

namespace palimpsest::experiments {

// What `bench` prints of the rows of each kind.
void print_layers(const BenchFile& file);
void print_operations(const BenchFile& file);
void print_steps(const BenchFile& file);

// `bench --compare`: a line for each layer and pass, and in it a column for each algorithm, empty where it does not
// serve the pass, with the first one's time over each other's.
void print_comparison(const BenchFile& file, const std::vector<std::string>& algorithms);

// The peaks that percentages refer to, or why there are none; the clocks.
void print_circumstances(const BenchFile& file);

}  // namespace palimpsest::experiments
