#pragma once
#include "cuda/gemm/epilogues.cuh"
#include "cuda/gemm/multipliers.cuh"
#include "cuda/gemm/step_weights.cuh"

#ifndef __grid_constant__
#define __grid_constant__  // nvcc: the argument stays in constant memory, where a loop may index it
#endif

// The three products of a layer as kernels. Block x computes one tile of the result; tiles of one row of tiles are
// neighbours, so that they share the rows' pixels in L2, which also holds the weights. With several parts, block z sums
// its part into `partials`, and apply_epilogue adds them in order.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

struct Problem {
  ImplicitGemmShape shape;
  Pixels pixels;      // x; for backward data dy
  Factor weights;     // none with several terms
  int rows, columns;  // of the product
  int column_tiles;
  int parts;
  float* partials;  // null: one part
};

struct Terms {
  int count;
  TermPointers term[kMaxTerms];
};

template <class Shape>
struct TileOrigin {
  __device__ explicit TileOrigin(int column_tiles)
      : row(int(blockIdx.x) / column_tiles * Shape::kRows), column(int(blockIdx.x) % column_tiles * Shape::kColumns) {}
  int row, column;
};

// Memory for the tiles, and afterwards for the results. What tensor cores need is more than a kernel has without
// asking.
template <class Shape, class Left, class Right>
__device__ __forceinline__ SharedLine* shared_memory() {
  if constexpr (Shape::kSimt) {
    static_assert(Left::kBytes % sizeof(SharedLine) == 0 && Right::kBytes % sizeof(SharedLine) == 0);
    SHARED_ARRAY(SharedLine, memory, (Left::kBytes + Right::kBytes) / sizeof(SharedLine));
    return memory;
  } else {
    static_assert(Left::kBytes + Right::kBytes == Shape::kDynamicBytes);
    DYNAMIC_SHARED(SharedLine, memory);
    return memory;
  }
}

// What is done with the results of a tile: they are summed into a part, or get their epilogue.
template <class Shape, class Epilogue>
struct Ends {
  static constexpr int kReadTogether = gemm::kReadTogether<Epilogue>;
  const Problem& problem;
  const TileOrigin<Shape>& origin;
  const Epilogue& epilogue;
  float* partials;  // null: one part
  typename Epilogue::Sums sums = {};

  template <int WIDTH>
  using Read = decltype(std::declval<Epilogue>().template read<WIDTH>(0, 0));

  template <int WIDTH>
  __device__ __forceinline__ Read<WIDTH> read(int row, int column) const {
    row += origin.row, column += origin.column;
    if (partials || row >= problem.rows || column >= problem.columns) return {};
    return epilogue.template read<WIDTH>(at(row, column), column);
  }
  template <int WIDTH>
  __device__ __forceinline__ void visit(int row, int column, const Results<WIDTH>& results, const Read<WIDTH>& read) {
    row += origin.row, column += origin.column;
    if (row >= problem.rows || column >= problem.columns) return;
    if (partials)
      write_results(partials + at(row, column), results);
    else
      epilogue(at(row, column), column, results, read, sums);
  }
  __device__ __forceinline__ void visit(int row, int column, const Results<1>& results) {
    visit(row, column, results, read<1>(row, column));
  }

 private:
  __device__ std::size_t at(int row, int column) const {
    return std::size_t(row) * std::size_t(problem.columns) + std::size_t(column);
  }
};

template <class Shape, class Multiplier, class Epilogue>
__device__ __forceinline__ void finish(const Problem& problem, const Multiplier& multiplier, SharedLine* memory,
                                       const TileOrigin<Shape>& origin, const Epilogue& epilogue) {
  const std::size_t part = std::size_t(blockIdx.z) * std::size_t(problem.rows) * std::size_t(problem.columns);
  Ends<Shape, Epilogue> ends{problem, origin, epilogue, problem.partials ? problem.partials + part : nullptr};
  multiplier.for_each(memory, problem.columns % 4 == 0, ends);
  if (!problem.partials) epilogue.finish(ends.sums, blockIdx.x, WholeBlock{});
}

// x mapped for each term. The raw values stay in registers between terms: x is read once for all of them.
template <class Shape, class Tile>
class TermPixels {
 public:
  using Element = typename Tile::Element;
  using Stager = RegisterStager<Tile, Shape::kThreads>;
  static constexpr bool kAsync = false;
  static constexpr int kStages = Tile::kStages, kValues = Tile::kValues;
  using Source = PixelLines<typename Stager::Map, 1>;

  __device__ TermPixels(const Source& source, const Terms& terms) : source_(source), terms_(terms) {}

  __device__ bool aligned() const { return source_.aligned(); }
  template <bool ALIGNED>
  __device__ void fetch(const Position& at, Element*) {
    const TermPointers& term = terms_.term[at.term];
    if (at.term == 0) holds_x_ = false;
    if (term.input == InputMap::constant) {
      stager_.template fetch<ALIGNED>(Constant{source_, term.constant.as<Element>()}, at);
      holds_x_ = false;
    } else if (!holds_x_) {
      stager_.template fetch<ALIGNED>(source_, at);
      holds_x_ = true;
    }
  }
  __device__ void place(const Position& at, Element* tile) {
    const TermPointers& term = terms_.term[at.term];
    stager_.place(tile, InputChange{term.input, term.sign});
  }

 private:
  // Inside the picture, the same values for all pixels.
  struct Constant {
    const Source& source;
    const Element* values;
    __device__ Run<Element> run(const Position& at) const {
      const Run<Element> run = source.run(at);
      return {values + at.first, run.lines, run.valid};
    }
    __device__ unsigned offset(int) const { return unsigned(Stager::Map::column()); }
  };

  Source source_;
  const Terms& terms_;
  Stager stager_;
  bool holds_x_ = false;
};

template <class Map>
class TermWeightLines : public WeightLines<Map> {
 public:
  using typename WeightLines<Map>::Element;
  __device__ TermWeightLines(const ImplicitGemmShape& shape, const Terms& terms, int first_row)
      : WeightLines<Map>(shape, terms.term[0].weights, first_row), terms_(terms) {}
  __device__ Run<Element> run(const Position& at) const {
    return WeightLines<Map>::run_of(terms_.term[at.term].weights.as<Element>(), at);
  }

 private:
  const Terms& terms_;
};

// Rows: output pixels. Columns: output channels. Sum: taps, slices of the input channels, terms.
// With TERMS x stays in registers between them, so fewer threads fit.
template <class Shape, bool TERMS, class Epilogue>
__global__ void __launch_bounds__(Shape::kThreads,
                                  TERMS&& Shape::kBlocksPerSm > 1 ? Shape::kBlocksPerSm - 1 : Shape::kBlocksPerSm)
    forward_kernel(const __grid_constant__ Problem problem, const __grid_constant__ Terms terms,
                   const __grid_constant__ Epilogue epilogue) {
  if constexpr (Shape::kSimt || kHasTensorCores) {
    using LeftTile = OperandTile<Shape, Contiguous::depth, Shape::kRows>;
    using RightTile = OperandTile<Shape, Contiguous::depth, Shape::kColumns>;
    SharedLine* const memory = shared_memory<Shape, LeftTile, RightTile>();
    using LeftStager = StagerFor<Shape, LeftTile>;
    using RightStager = StagerFor<Shape, RightTile>;
    using RightMap = typename RightStager::Map;

    const TileOrigin<Shape> origin(problem.column_tiles);
    const int depth = problem.shape.inputs, slices = (depth + Shape::kDepth - 1) / Shape::kDepth;
    const PartOfSteps part(problem.shape.taps * slices, int(blockIdx.z), problem.parts);
    const Position at{part.first / slices, part.first % slices * Shape::kDepth, 0};
    Multiplier<Shape, LeftTile, RightTile> multiplier;
    const auto next_slice = [&](Position& position) {
      position.first += Shape::kDepth;
      if (position.first >= depth) position.first = 0, ++position.tap;
    };
    const PixelLines<typename LeftStager::Map, 1> lines(problem.pixels, origin.row);
    if constexpr (TERMS) {
      TermPixels<Shape, LeftTile> left(lines, terms);
      using Source = TermWeightLines<RightMap>;
      Operand<RightStager, Source, RightTile> right(Source(problem.shape, terms, origin.column));
      accumulate(multiplier, left, right, memory, at, part.count * terms.count, [&](Position& position) {
        if (++position.term < terms.count) return;
        position.term = 0;
        next_slice(position);
      });
    } else {
      Operand<LeftStager, PixelLines<typename LeftStager::Map, 1>, LeftTile> left(lines);
      using Source = WeightLines<RightMap>;
      Operand<RightStager, Source, RightTile> right(Source(problem.shape, problem.weights, origin.column));
      accumulate(multiplier, left, right, memory, at, part.count, next_slice);
    }
    finish<Shape>(problem, multiplier, memory, origin, epilogue);
  }
}

// Rows: input pixels. Columns: input channels. Sum: taps, slices of the output channels.
template <class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm)
    backward_data_kernel(const __grid_constant__ Problem problem, const __grid_constant__ RedistributeAndSum epilogue) {
  if constexpr (Shape::kSimt || kHasTensorCores) {
    using LeftTile = OperandTile<Shape, Contiguous::depth, Shape::kRows>;
    using RightTile = OperandTile<Shape, Contiguous::outer, Shape::kColumns>;
    SharedLine* const memory = shared_memory<Shape, LeftTile, RightTile>();
    using LeftStager = StagerFor<Shape, LeftTile>;
    using RightStager = StagerFor<Shape, RightTile>;
    using LeftSource = PixelLines<typename LeftStager::Map, -1>;
    using RightSource = WeightColumns<typename RightStager::Map>;

    const TileOrigin<Shape> origin(problem.column_tiles);
    const int depth = problem.shape.outputs, slices = (depth + Shape::kDepth - 1) / Shape::kDepth;
    const PartOfSteps part(problem.shape.taps * slices, int(blockIdx.z), problem.parts);
    Multiplier<Shape, LeftTile, RightTile> multiplier;
    Operand<LeftStager, LeftSource, LeftTile> left(LeftSource(problem.pixels, origin.row));
    Operand<RightStager, RightSource, RightTile> right(RightSource(problem.shape, problem.weights, origin.column));
    accumulate(multiplier, left, right, memory, Position{part.first / slices, part.first % slices * Shape::kDepth, 0},
               part.count, [&](Position& position) {
                 position.first += Shape::kDepth;
                 if (position.first >= depth) position.first = 0, ++position.tap;
               });
    finish<Shape>(problem, multiplier, memory, origin, epilogue);
  }
}

// Rows: output channels. Columns: taps and input channels. Sum: pixels.
template <class Shape, class Epilogue>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm)
    backward_weights_kernel(const __grid_constant__ Problem problem, const __grid_constant__ Pixels gradient,
                            const __grid_constant__ Epilogue epilogue) {
  if constexpr (Shape::kSimt || kHasTensorCores) {
    using LeftTile = OperandTile<Shape, Contiguous::outer, Shape::kRows>;
    using RightTile = OperandTile<Shape, Contiguous::outer, Shape::kColumns>;
    SharedLine* const memory = shared_memory<Shape, LeftTile, RightTile>();
    using LeftStager = StagerFor<Shape, LeftTile>;
    using RightStager = StagerFor<Shape, RightTile>;
    using LeftSource = GradientLines<typename LeftStager::Map>;
    using RightSource = ShiftedPixelLines<typename RightStager::Map>;

    const TileOrigin<Shape> origin(problem.column_tiles);
    const PartOfSteps part((problem.pixels.count + Shape::kDepth - 1) / Shape::kDepth, int(blockIdx.z), problem.parts);
    Multiplier<Shape, LeftTile, RightTile> multiplier;
    Operand<LeftStager, LeftSource, LeftTile> left(LeftSource(gradient, origin.row));
    Operand<RightStager, RightSource, RightTile> right(RightSource(problem.pixels, origin.column));
    if constexpr (std::is_same_v<Epilogue, StepWeights>)
      epilogue.template prefetch<Shape>(origin.row, origin.column, problem.rows, problem.columns);
    accumulate(multiplier, left, right, memory, Position{0, part.first * Shape::kDepth, 0}, part.count,
               [&](Position& position) { position.first += Shape::kDepth; });
    finish<Shape>(problem, multiplier, memory, origin, epilogue);
  }
}

// value = the sum of the parts in order, then the epilogue. Also serves a denominator that is known (one part).
// Blocks of 32 x 8 threads, each thread one row and every 32nd of kColumnsPerBlock columns.
inline constexpr int kColumnsPerBlock = 128;
template <class Epilogue>
__global__ void __launch_bounds__(256) apply_epilogue_kernel(const float* values, int parts, int rows, int columns,
                                                             const __grid_constant__ Epilogue epilogue) {
  typename Epilogue::Sums sums;
  const std::size_t part_size = std::size_t(rows) * std::size_t(columns);
  const int last = min(columns, int(blockIdx.y + 1) * kColumnsPerBlock);
  for (std::int64_t row = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y; row < rows;
       row += std::int64_t{gridDim.x} * blockDim.y)
    for (int column = int(blockIdx.y) * kColumnsPerBlock + int(threadIdx.x); column < last; column += 32) {
      const std::size_t at = std::size_t(row) * std::size_t(columns) + std::size_t(column);
      float value = values[at];
      for (int part = 1; part < parts; ++part) value += values[std::size_t(part) * part_size + at];
      epilogue(at, column, Results<1>{{value}}, epilogue.template read<1>(at, column), sums);
    }
  epilogue.finish(sums, blockIdx.x + gridDim.x * blockIdx.y, WholeBlock{});
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
