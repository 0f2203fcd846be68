#pragma once
#include "cuda/gemm/warpgroup_tiles.cuh"
#include "cuda/warpgroup.h"

// What a block is to do of a product: its share of a cluster's copies, and its items.
namespace palimpsest::PALIMPSEST_CUDA::hopper {

// The blocks of a cluster need the same right factor: each fetches a part of its lines, for all of them.
struct Share {
  __device__ explicit Share(const Problem& problem)
      : together(problem.together), rank(together == 1 ? 0 : int(block_rank())) {}
  __device__ unsigned blocks() const { return (1U << together) - 1; }
  // Of `count`, whatever they are: this block's first.
  __device__ int first(int count) const { return count / together * rank; }
  int together, rank;
};

// A tile and a part of its sum. Items of one row of tiles are neighbours: blocks that run at once share the rows'
// pixels in L2, and the weights.
template <class Tile>
struct Item {
  __device__ Item(const Problem& problem, const Share& share, int index) : Item(problem, index) {
    const int of_cluster = index - part * problem.tiles(), row_tile = of_cluster / problem.column_tiles,
              column_tile = of_cluster - row_tile * problem.column_tiles;
    const int own_row_tile = row_tile * share.together + share.rank;
    tile = own_row_tile * problem.column_tiles + column_tile;
    row = own_row_tile * kRows;
    column = column_tile * Tile::kColumns;
  }
  int part, tile, row, column;
  int first, last;  // steps of the sum

 private:
  __device__ Item(const Problem& problem, int index)
      : part(index / problem.tiles()),
        first(int(std::int64_t{problem.steps} * part / problem.parts)),
        last(int(std::int64_t{problem.steps} * (part + 1) / problem.parts)) {}
};

}  // namespace palimpsest::PALIMPSEST_CUDA::hopper
