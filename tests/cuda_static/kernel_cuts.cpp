// Prints how cuda/conv2d_implicit_gemm.cu cuts every product of VGG16 at 224 x 224 into tiles and parts, for
// bench/kernel_model.py: rows x columns of the product, and the sum of taps * terms that a tile of it runs over.
#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "base/words.h"
#include "cuda/gemm/plan.h"
#include "nn/layers.h"

namespace palimpsest::PALIMPSEST_CUDA {
namespace {

// conv1_1, ..., conv5_3, fc6, fc7, fc8: the layers in forward order, as the paper counts them.
class PaperNames {
 public:
  std::string next(const nn::Layer& layer) {
    if (layer.block != block_) block_ = layer.block, place_ = 0;
    ++place_;
    return layer.block == nn::kBlocks ? fmt::format("fc{}", nn::kBlocks + place_)
                                      : fmt::format("conv{}_{}", block_ + 1, place_);
  }

 private:
  int block_ = -1, place_ = 0;
};

struct Product {
  std::string_view name;
  LayerPass pass;
  int taps, terms;
  bool several_terms = false;  // of a relevance rule
};

std::string name_of(const gemm::Cut& cut) {
  constexpr std::array kNames{"automatic", "large", "tall", "square", "small", "narrow", "few_rows"};
  if (cut.tile == GemmTile::warpgroup) return fmt::format("warpgroup_{}", cut.tile_columns);
  return kNames.at(std::size_t(cut.tile));
}

// Also where warpgroups are chosen, as "bf16 warpgroups".
struct Choice {
  Precision precision;
  bool warpgroups = false;
};

void print(const std::string& layer, int batch, const ImplicitGemmShape& shape) {
  const int pixels = int(shape.pixels());
  for (const Choice choice :
       {Choice{Precision::fp32}, Choice{Precision::tf32}, Choice{Precision::bf16}, Choice{Precision::bf16, true}})
    for (const Product& product :
         {Product{"forward", LayerPass::forward, shape.taps, shape.inputs},
          Product{"backward_data", LayerPass::backward_data, shape.taps, shape.outputs},
          Product{"backward_weights", LayerPass::backward_weights, 1, pixels},
          Product{"denominator", LayerPass::relevance, shape.taps, shape.inputs},
          Product{"denominator_of_terms", LayerPass::relevance, shape.taps, shape.inputs, true}}) {
      GemmRun run;
      run.precision = choice.precision, run.warpgroups = choice.warpgroups;
      const gemm::Cut cut = product.pass == LayerPass::relevance
                                ? gemm::cut_of_denominator(shape, run, product.several_terms)
                                : gemm::cut(shape, product.pass, run);
      if (choice.warpgroups && cut.tile != GemmTile::warpgroup) continue;
      fmt::print("{},{},{},{}{},{},{},{},{},{},{},{},{},{}\n", layer, batch, product.name, word_of(choice.precision),
                 choice.warpgroups ? " warpgroups" : "", name_of(cut), cut.rows, cut.columns, cut.row_tiles,
                 cut.column_tiles, cut.parts, product.taps, product.terms, cut.together);
    }
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA

int main() {
  using namespace palimpsest;
  fmt::print("layer,batch,product,precision,tile,rows,columns,row_tiles,column_tiles,parts,taps,terms,together\n");
  for (const int batch : {8, 32}) {
    PALIMPSEST_CUDA::PaperNames names;
    for (const nn::Layer& layer : nn::layers_with_weights({}))
      PALIMPSEST_CUDA::print(names.next(layer), batch, PALIMPSEST_CUDA::gemm_shape(layer.shape(batch)));
  }
}
