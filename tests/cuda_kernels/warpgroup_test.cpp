#include <algorithm>

#include "base/error.h"
#include "cuda/gemm/plan.h"
#include "tests/cuda_kernels/gemm_runs.h"

// The products by Hopper's warpgroups against plain loops, on integers, whose sums every order holds exactly.
namespace palimpsest::PALIMPSEST_CUDA {
namespace {

using namespace reference;

// Tiles of 64, 128, 192 and 256 columns; pictures that end within a tile, of a row, of a column, of one pixel; several
// in a tile; one tap; fewer rows than a tile, and more tiles than blocks.
std::vector<LayerCase> cases() {
  return {convolution(2, 64, 9, 11, 192),
          convolution(1, 128, 7, 20, 128),
          convolution(1, 64, 12, 13, 256),
          convolution(5, 64, 5, 3, 64),
          convolution(3, 64, 1, 50, 64),
          convolution(2, 64, 70, 1, 64),
          convolution(3, 256, 1, 1, 64),
          convolution(1, 512, 4, 5, 64),
          linear(70, 192, 320),
          linear(70, 128, 64),
          linear(3, 64, 512),
          linear(130 * 128 + 1, 64, 128)};
}

std::string label(const LayerCase& layer, const Variant& variant) {
  return layer.name + ", " + variant.name();
}

Floats run_forward(const LayerCase& layer, const Variant& variant, const Floats& x, const Floats& w, const Floats& b) {
  const Scratch scratch(layer.shape, variant);
  const DeviceFactor from(x, layer.shape.inputs), weights(w, layer.shape.inputs),
      y(layer.y_count(), layer.shape.outputs);
  const DeviceArray<float> bias(b);
  implicit_gemm_forward(layer.shape, scratch.run(), from.factor(), weights.factor(), bias.get(), true,
                        y.destination(variant.precision));
  scratch.expect_guarded();
  return y.result(variant, layer.name);
}

TEST(Warpgroup, ForwardIsExactOnIntegers) {
  for (const LayerCase& layer : cases()) {
    const Floats x = input_values(layer, Numbers::integers), w = weight_values(layer, Numbers::integers);
    const Floats b = bias_values(layer, Numbers::integers);
    Doubles y = forward(layer.shape, x, w);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::max(y[i] + double(b[i % b.size()]), 0.0);
    for (const Variant& variant : warpgroup_variants())
      expect_equal(run_forward(layer, variant, x, w, b), y, label(layer, variant));
  }
}

TEST(Warpgroup, BackwardDataIsExactOnIntegers) {
  for (const LayerCase& layer : cases()) {
    const Floats dy = gradient_values(layer, Numbers::integers), w = weight_values(layer, Numbers::integers);
    const Floats rectified = input_values(layer, Numbers::integers);
    Doubles dx = backward_data(layer.shape, dy, w);
    for (std::size_t i = 0; i < dx.size(); ++i)
      if (rectified[i] <= 0) dx[i] = 0;
    const DeviceFactor from(dy, layer.shape.outputs), weights(w, layer.shape.inputs);
    const DeviceArray<float> x(rectified);
    for (const Variant& variant : warpgroup_variants()) {
      const Scratch scratch(layer.shape, variant);
      const DeviceFactor to(layer.x_count(), layer.shape.inputs);
      implicit_gemm_backward_data(layer.shape, scratch.run(), from.factor(), weights.factor(), x.get(),
                                  to.destination(variant.precision));
      scratch.expect_guarded();
      expect_equal(to.result(variant, layer.name), dx, label(layer, variant));
    }
  }
}

TEST(Warpgroup, BackwardWeightsIsExactOnIntegers) {
  for (const LayerCase& layer : cases()) {
    const Floats x = input_values(layer, Numbers::integers), dy = gradient_values(layer, Numbers::integers);
    const Doubles dw = backward_weights(layer.shape, x, dy), db = column_sums(dy, layer.shape.outputs);
    const DeviceFactor input(x, layer.shape.inputs), from(dy, layer.shape.outputs);
    for (const Variant& variant : warpgroup_variants()) {
      const Scratch scratch(layer.shape, variant);
      const DeviceArray<float> to_w(layer.w_count()), to_b(std::size_t(layer.shape.outputs));
      implicit_gemm_backward_weights(layer.shape, scratch.run(), input.factor(), from.factor(), to_w.get(), to_b.get());
      scratch.expect_guarded();
      expect_equal(to_w.download(), dw, label(layer, variant));
      expect_equal(to_b.download(), db, label(layer, variant) + " db");
    }
  }
}

TEST(Warpgroup, EmptyBatchHasZeroWeightGradients) {
  const LayerCase layer = linear(0, 64, 64);
  for (const Variant& variant : warpgroup_variants()) {
    const Scratch scratch(layer.shape, variant);
    const DeviceArray<float> any(std::size_t{64}), dw(layer.w_count());
    implicit_gemm_backward_weights(layer.shape, scratch.run(), {any.get(), any.get()}, {any.get(), any.get()}, dw.get(),
                                   nullptr);
    expect_equal(dw.download(), Doubles(layer.w_count(), 0.0), "dw");
  }
}

// What lies outside a picture is zero, not the value beside it.
TEST(Warpgroup, NanReachesItsNeighboursAlone) {
  const LayerCase layer = convolution(2, 64, 5, 5, 64);
  Floats x = input_values(layer, Numbers::integers);
  x[24 * 64] = std::nanf("");  // the last pixel of the first picture
  for (const Variant& variant : warpgroup_variants()) {
    const Floats y =
        run_forward(layer, variant, x, weight_values(layer, Numbers::integers), bias_values(layer, Numbers::integers));
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t pixel = i / 64;
      EXPECT_EQ(std::isnan(y[i]), pixel < 25 && pixel / 5 >= 3 && pixel % 5 >= 3) << label(layer, variant) << " " << i;
    }
  }
}

GemmRun with_warpgroups() {
  GemmRun run;
  run.precision = Precision::bf16, run.warpgroups = true;
  return run;
}

TEST(Warpgroup, IsChosenWhereItPays) {
  const auto tile = [](const ImplicitGemmShape& shape, const GemmRun& run) {
    return gemm::cut(shape, LayerPass::forward, run).tile;
  };
  const ImplicitGemmShape large{8, 56, 56, 128, 256, 9};
  EXPECT_EQ(tile(large, with_warpgroups()), GemmTile::warpgroup);
  EXPECT_NE(tile(large, {.precision = Precision::bf16}), GemmTile::warpgroup);
  EXPECT_NE(tile(large, {.warpgroups = true}), GemmTile::warpgroup) << "fp32";
  EXPECT_NE(tile({8, 224, 224, 8, 64, 9}, with_warpgroups()), GemmTile::warpgroup) << "channels";
  EXPECT_NE(tile({1, 14, 14, 512, 512, 9}, with_warpgroups()), GemmTile::warpgroup) << "too few products";
}

// Parts by shape: as many as fill the GPU, unless it is full; never more than steps.
TEST(Warpgroup, SmallProductsAreCutIntoParts) {
  const auto cut = [](const ImplicitGemmShape& shape, int splits) {
    GemmRun run = with_warpgroups();
    run.tile = GemmTile::warpgroup, run.splits = splits;
    return gemm::cut(shape, LayerPass::forward, run);
  };
  EXPECT_EQ(cut({32, 112, 112, 128, 128, 9}, 0).parts, 1);
  const gemm::Cut small = cut({8, 14, 14, 512, 512, 9}, 0);
  EXPECT_EQ(small.blocks(), 28);
  EXPECT_EQ(small.parts, 4);
  EXPECT_EQ(cut({1, 1, 1, 128, 64, 1}, 7).parts, 2);
}

// Backward weights: a tile's 64 columns at a time are of one tap, so that three taps of 64 channels fill one of 192.
TEST(Warpgroup, TilesAreAsWideAsColumnsAllow) {
  const auto columns = [](int channels, LayerPass pass) {
    const gemm::Cut cut = gemm::cut({16, 56, 56, channels, channels, 9}, pass, with_warpgroups());
    EXPECT_EQ(cut.tile, GemmTile::warpgroup);
    EXPECT_EQ(cut.columns % cut.tile_columns, 0) << channels;
    return cut.tile_columns;
  };
  for (const int channels : {64, 128, 192, 320})
    EXPECT_EQ(columns(channels, LayerPass::backward_weights), 192) << channels;
  for (const int channels : {256, 512}) EXPECT_EQ(columns(channels, LayerPass::backward_weights), 256) << channels;
  for (const LayerPass pass : {LayerPass::forward, LayerPass::backward_data}) {
    EXPECT_EQ(columns(192, pass), 64);
    EXPECT_EQ(columns(384, pass), 128);
    EXPECT_EQ(columns(512, pass), 256);
  }
}

TEST(Warpgroup, IsRefusedWithoutItsFactors) {
  const LayerCase layer = convolution(1, 64, 3, 3, 64);
  const DeviceArray<float> any(layer.w_count());
  for (const Variant& variant : warpgroup_variants()) {
    const Scratch scratch(layer.shape, variant);
    EXPECT_THROW(implicit_gemm_forward(layer.shape, scratch.run(), any.get(), any.get(), nullptr, false, any.get()),
                 ContractError);
  }
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
