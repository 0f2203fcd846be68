#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cuda/conv2d_implicit_gemm.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Which kernel runs a pass of a layer: a table, because the choice changes the last bits of a result. The default is
// our own kernels throughout, with the tile that the shape asks for: the same on every GPU. A file written by
// `palimpsest bench --tune` on the user's own GPU can replace it, and is then an input of the run.
enum class Pass : std::uint8_t { forward, backward_data, backward_weights };
enum class Provider : std::uint8_t {
  own,
  library,  // cuDNN for convolutions, cuBLASLt for fully connected layers
};

struct LayerKey {
  bool convolution = true;
  Pass pass = Pass::forward;
  int inputs = 0, outputs = 0, height = 1, width = 1;  // as the layer has them, without padding
  bool operator==(const LayerKey&) const = default;
};

struct Algorithm {
  Provider provider = Provider::own;
  GemmTile tile = GemmTile::automatic;  // of our own kernels, as is `splits`
  int splits = 0;
  bool operator==(const Algorithm&) const = default;
};

// "library", "own", "own:TILE" or "own:TILE:SPLITS"; TILE is automatic, large, tall, square, small or narrow. Throws
// Error for another name; `where` says who gave it.
Algorithm algorithm_named(const std::string& name, const std::string& where);

class AlgorithmTable {
 public:
  AlgorithmTable() = default;  // the default described above

  // CSV with the columns layer (conv2d, linear), pass (forward, backward_data, backward_weights), inputs, outputs,
  // height, width, algorithm (a name as above). Throws Error naming file and line.
  static AlgorithmTable read(const std::string& path);

  Algorithm find(const LayerKey& key) const;  // the default where there is no row

 private:
  struct Row {
    LayerKey key;
    Algorithm algorithm;
  };
  std::vector<Row> rows_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
