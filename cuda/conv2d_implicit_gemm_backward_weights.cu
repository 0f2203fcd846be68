#include "cuda/gemm/launch.cuh"
#include "cuda/gemm/plain.cuh"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

using namespace gemm;

// partial[slice, column] = sum over the slice's rows of values[row, column]. 32 columns by 8 rows of threads; each adds
// every 8th row of the slice, then the eight are added in order.
__global__ void __launch_bounds__(256) column_sums_kernel(const float* values, int rows, int columns, float* partial) {
  using Row = float[32];
  SHARED_ARRAY(Row, sums, 8);
  const int column = int(blockIdx.x) * 32 + int(threadIdx.x);
  const PartOfSteps slice(rows, int(blockIdx.y), int(gridDim.y));
  float sum = 0;
  if (column < columns)
    for (int row = int(threadIdx.y); row < slice.count; row += 8)
      sum += values[std::size_t(slice.first + row) * std::size_t(columns) + std::size_t(column)];
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= columns) return;
  for (int i = 1; i < 8; ++i) sum += sums[i][threadIdx.x];
  partial[std::size_t(blockIdx.y) * std::size_t(columns) + std::size_t(column)] = sum;
}

void column_sums(const ImplicitGemmShape& shape, const GemmRun& run, const float* dy, float* partial, float* db) {
  const int slices = bias_slices(shape);
  const dim3 grid(unsigned((shape.outputs + 31) / 32), unsigned(slices));
  CUDA_LAUNCH(column_sums_kernel, grid, dim3(32, 8), 0, run.stream, dy, int(shape.pixels()), shape.outputs, partial);
  CUDA_LAUNCH_CHECK();
  apply_epilogue(run, partial, slices, 1, shape.outputs, BiasRelu{nullptr, false, db});
}

}  // namespace

void implicit_gemm_backward_weights(const ImplicitGemmShape& shape, const GemmRun& run, const float* x, const float* dy,
                                    float* dw, float* db) {
  const Cut cut = gemm::cut(shape, LayerPass::backward_weights, run);
  check(shape, run, cut.partial_bytes() + bias_partial_bytes(shape));
  const Pixels gradient = make_pixels(shape, dy, shape.outputs);
  const Problem problem = make_problem(shape, run, cut, make_pixels(shape, x, shape.inputs), nullptr);
  const BiasRelu epilogue{nullptr, false, dw};
  if (cut.tile == GemmTile::plain)
    plain_backward_weights(run, cut, problem, gradient, epilogue);
  else
    with_tile<GemmTile::large, GemmTile::square, GemmTile::small>(run.precision, cut.tile, [&](auto tile) {
      using Tile = decltype(tile);
      CUDA_LAUNCH((backward_weights_kernel<Tile>), product_grid(cut), dim3(Tile::kThreads), 0, run.stream, problem,
                  gradient, epilogue);
      CUDA_LAUNCH_CHECK();
    });
  if (problem.partials) apply_epilogue(run, problem.partials, cut.parts, cut.rows, cut.columns, epilogue);
  if (!db) return;
  column_sums(shape, run, dy, reinterpret_cast<float*>(static_cast<char*>(run.scratch) + cut.partial_bytes()), db);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
