#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cuda/conv2d_implicit_gemm.h"
#include "ops/algorithm_table.h"

namespace palimpsest::PALIMPSEST_CUDA {

// What runs a pass of a layer. The default is our own kernels throughout, with the tile that the shape asks for: the
// same on every GPU. The table of ops/algorithm_table.h may name another.
enum class Provider : std::uint8_t {
  own,
  library,  // cuDNN for convolutions, cuBLASLt for fully connected layers
};

struct Algorithm {
  Provider provider = Provider::own;
  GemmTile tile = GemmTile::automatic;  // of our own kernels, as is `splits`
  int splits = 0;
  bool operator==(const Algorithm&) const = default;
};

// "library", "own", "own:TILE" or "own:TILE:SPLITS"; TILE is automatic, large, tall, square, small, narrow or few_rows.
// Throws Error for another name; `where` says who gave it.
Algorithm algorithm_named(const std::string& name, const std::string& where);

// As the table says, else the default.
Algorithm algorithm_of(const AlgorithmTable& table, LayerPass pass, const LayerShape& shape);

// The names among which `bench --tune` chooses.
std::vector<std::string> algorithm_names();

}  // namespace palimpsest::PALIMPSEST_CUDA
