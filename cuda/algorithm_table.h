#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cuda/conv2d_implicit_gemm.h"
#include "ops/algorithm_table.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The algorithm of a pass of a layer. The default is our own kernels throughout, with a tile chosen by shape: the same
// on every GPU, but for Hopper's warpgroups (Context::warpgroups()). The table of ops/algorithm_table.h may name
// another.
enum class Provider : std::uint8_t {
  own,
  library,         // cuDNN's graphs for convolutions, cuBLASLt for fully connected layers
  library_legacy,  // cuDNN's calls from before its graphs; they also serve for `library` where graphs do not
};

struct Algorithm {
  Provider provider = Provider::own;
  GemmTile tile = GemmTile::automatic;  // for our own kernels, like `splits`
  int splits = 0;
  bool operator==(const Algorithm&) const = default;
};

// "library", "library:legacy", "own", "own:TILE" or "own:TILE:SPLITS"; TILE is automatic, large, tall, square, small,
// narrow, few_rows, plain or warpgroup. Throws Error for another name; `where` is its origin.
Algorithm algorithm_named(const std::string& name, const std::string& where);

std::string name_of(const Algorithm& algorithm);

// From the table, else the default.
Algorithm algorithm_of(const AlgorithmTable& table, LayerPass pass, const LayerShape& shape);

// The candidates of `bench --tune`.
std::vector<std::string> algorithm_names();

}  // namespace palimpsest::PALIMPSEST_CUDA
