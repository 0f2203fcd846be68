#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "cuda/language.h"
#include "cuda/precision.h"
#include "ops/layer.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Convolution (3x3, stride 1, zero padding 1) and fully connected layers as one matrix product whose left operand is
// never materialised ("implicit GEMM"): row m is an output pixel, column n an output channel, and the sum runs over
// taps (r, s) and input channels. A fully connected layer has one tap and pictures of one pixel.
//
//   forward            y[m, o]       = relu?( b[o] + sum_{t,i} x[m + tap t, i] w[o, t, i] )
//   backward data      dx[m, i]      = sum_{t,o} dy[m - tap t, o] w[o, t, i]      (w is read in place, not transposed)
//   backward weights   dw[o, t, i]   = sum_m dy[m, o] x[m + tap t, i],  db[o] = sum_m dy[m, o]
//
// Pixels outside the picture are zero. x, dx: NHWC; y, dy: NHWC; w: K R S C, that is rows o of taps * inputs values.
struct ImplicitGemmShape {
  int images = 1, height = 1, width = 1;
  int inputs = 1, outputs = 1;  // channels in memory, padding included; outputs and taps * inputs are below 2^24
  int taps = 1;                 // 9, or 1 for a fully connected layer

  std::int64_t pixels() const { return std::int64_t{images} * height * width; }
};

// The product of a layer. A convolution's channels are padded to a multiple of 8 in memory; the padding lanes of every
// operand must be zero, and those of every result are.
ImplicitGemmShape gemm_shape(const LayerShape& layer);

// An operand of a product: fp32, which fp32 and tf32 read, and what bf16 reads, its copy (cuda/bf16_copy.h). A tile
// without shared memory reads fp32 in every precision.
struct Factor {
  const float* values = nullptr;
  const void* copy = nullptr;

  Factor() = default;
  Factor(const float* of_values, const void* of_copy = nullptr) : values(of_values), copy(of_copy) {}
  template <class Element>
  __host__ __device__ const Element* as() const {
    if constexpr (sizeof(Element) == 2)
      return static_cast<const Element*>(copy);
    else
      return values;
  }
};

// A result that may be a factor later: also its copy, if not null. Channels are then a multiple of 8.
struct Destination {
  float* values = nullptr;
  void* copy = nullptr;

  Destination() = default;
  Destination(float* to, void* to_copy = nullptr) : values(to), copy(to_copy) {}
};

// Rows (pixels) x columns of the product that one thread block computes; for backward weights rows are output channels.
enum class GemmTile : std::uint8_t {
  automatic,  // by shape: the same on every GPU, so that results are too, but for GemmRun::warpgroups
  large,      // 128 x 128
  tall,       // 128 x 64; forward and backward data
  square,     // 64 x 64; backward weights
  small,      // 32 x 32
  narrow,     // 128 x 16; backward data into few channels
  few_rows,   // fp32, fully connected layers of 1 to 8 rows, inputs a multiple of 4: see gemm/few_rows.h
  plain,      // 8 x 32, one part, without shared memory: see gemm/plain.cuh
  warpgroup,  // 128 x 64 to 256; bf16, channels a multiple of 64, compute capability 9.0: see gemm/warpgroup.h
};

// Whether a tile has kernels for a pass of this shape and precision; `automatic` always has.
bool tile_serves(GemmTile tile, LayerPass pass, const ImplicitGemmShape& shape, Precision precision);

// Everything a launcher needs besides its tensors. All launchers are asynchronous; work runs in order on `stream`. The
// same tile and splits give the same bits on any GPU of the same architecture.
struct GemmRun {
  cudaStream_t stream = nullptr;
  void* scratch = nullptr;  // 256-byte aligned, scratch_bytes(shape, tile, splits) of it
  std::size_t scratch_bytes = 0;
  Precision precision = Precision::fp32;  // the launchers throw Error where the GPU lacks it
  GemmTile tile = GemmTile::automatic;
  int splits = 0;           // parts into which the sum of one tile is split, added in a fixed order; 0: by shape
  bool warpgroups = false;  // whether `automatic` may choose `warpgroup`: the GPU has them, and the kernels are proved
};

// Enough for every operation below on this shape in any precision. Bytes.
std::size_t implicit_gemm_scratch_bytes(const ImplicitGemmShape& shape, GemmTile tile = GemmTile::automatic,
                                        int splits = 0);

// All pointers are device memory, dense in the layouts above and 16-byte aligned; results are overwritten, padding
// lanes included. b may be null: no bias. dx is 0 where rectified is not positive (ops/layer.h), unless that is null.
// Throws ContractError for a shape that does not fit and for a factor without the copy that bf16 reads, Error for a
// precision that the GPU lacks. NaN stays NaN through ReLU.
void implicit_gemm_forward(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& x, const Factor& w,
                           const float* b, bool relu, const Destination& y);
void implicit_gemm_backward_data(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& dy, const Factor& w,
                                 const float* rectified, const Destination& dx);
// dw and db may be null: not computed.
void implicit_gemm_backward_weights(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& x,
                                    const Factor& dy, float* dw, float* db);

// Of ops/sgd.h. scale: of the gradient
struct SgdRates {
  float rate, momentum, decay, l2_sp, scale;
};

// The SGD step of a fully connected layer's weights with the gradient of implicit_gemm_backward_weights, which is not
// written to memory. A new value that is not finite is not written; then *first_bad is at most `parameter`.
struct WeightStep {
  SgdRates rates;
  Destination value;   // with its copy, if it has one
  float* velocity;     // null: no momentum
  const float* start;  // null: decay to 0
  int* first_bad;
  int parameter;
};
// Whether the tile `large` computes dw in one part, as it does for more than 64 outputs and few pixels.
bool implicit_gemm_steps_weights(const ImplicitGemmShape& shape, const GemmRun& run);
// requires: implicit_gemm_steps_weights(shape, run)
void implicit_gemm_step_weights(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& x, const Factor& dy,
                                const WeightStep& step);

// One term of ops/relevance.h with device pointers.
struct TermPointers {
  InputMap input = InputMap::identity;
  Factor constant = {};         // with InputMap::constant: `inputs` values
  Factor weights = {};          // W_t
  const float* bias = nullptr;  // b_t; null: none
  float sign = 1;
};

inline constexpr int kMaxTerms = 4;
inline constexpr int kMaxTargets = 16;  // per launch; split more targets over several calls

// z, s = R / stabilised(z) and the ledger's sums in one launch (see ops/relevance.h). All terms share one accumulator
// and x is read once for all of them: its maps are applied while it is copied to shared memory.
struct DenominatorPointers {
  int terms = 0;
  TermPointers term[kMaxTerms];
  Factor x = {};
  const float* floor = nullptr;     // null: none
  const float* known = nullptr;     // z itself: no product is formed, only the bias of the terms is read
  const float* products = nullptr;  // of each term, signed and without its bias, one behind the other: already formed
  const float* gate_by = nullptr;   // with gate != all
  Gate gate = Gate::all;
  Stabiliser stabiliser;
  int targets = 0;
  const float* relevance[kMaxTargets] = {};  // R of each target
  Destination quotients[kMaxTargets] = {};   // s of each target; may be its R
  double* sums = nullptr;                    // RelevanceSums of the first target; null: not computed
};
void implicit_gemm_relevance_denominator(const ImplicitGemmShape& shape, const GemmRun& run,
                                         const DenominatorPointers& what);

// R_i = factor * sum_t sign_t g_t(x_i) c_t,i, the multiplication in the epilogue of backward data; one launch per term.
struct RedistributionPointers {
  int terms = 0;
  TermPointers term[kMaxTerms];
  const float* x = nullptr;
  float factor = 1;
  bool accumulate = false;
  Factor quotient = {};            // s
  const float* product = nullptr;  // c of the one term, already formed
  float* relevance = nullptr;      // R_i
  double* sums = nullptr;          // two, of ops/relevance.h; null: not computed
};
void implicit_gemm_relevance_redistribute(const ImplicitGemmShape& shape, const GemmRun& run,
                                          const RedistributionPointers& what);

}  // namespace palimpsest::PALIMPSEST_CUDA
