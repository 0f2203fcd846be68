#include "ops/algorithm_table.h"

#include "fuzz/harness.h"

// The file of --convolution.
void palimpsest::fuzz::target(std::string_view bytes) {
  AlgorithmTable::of(as_file(bytes, "input.json").string());
}
