#include "cuda/self_test.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "base/error.h"
#include "cuda/algorithm_table.h"
#include "cuda/bf16_copy.h"
#include "cuda/context.h"
#include "cuda/conv2d_implicit_gemm.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

using Floats = std::vector<float>;

enum class Product : std::uint8_t { forward, backward_data, backward_weights, denominator, terms, redistribute };
constexpr std::array kProducts{Product::forward,     Product::backward_data, Product::backward_weights,
                               Product::denominator, Product::terms,         Product::redistribute};
constexpr std::array kNames{"forward",     "backward data",      "backward weights",
                            "denominator", "several terms' sum", "redistribution"};

std::vector<GemmTile> tiles_of(KernelSet kernels) {
  if (kernels == KernelSet::warpgroups) return {GemmTile::warpgroup};
  return {GemmTile::large, GemmTile::tall, GemmTile::square, GemmTile::small, GemmTile::narrow, GemmTile::few_rows};
}

LayerPass pass_of(Product product) {
  switch (product) {
    case Product::forward:
      return LayerPass::forward;
    case Product::backward_weights:
      return LayerPass::backward_weights;
    case Product::backward_data:
    case Product::redistribute:
      return LayerPass::backward_data;
    default:
      return LayerPass::relevance;
  }
}

// Edges in pixels, channels and slices of the sum for every tile; more and fewer columns than a tile has; a few rows;
// channels that are not a multiple of 4. For warpgroups tiles of all three widths, pictures that end within one, and
// more tiles and parts than blocks.
const std::vector<LayerShape>& shapes(KernelSet kernels) {
  static const std::vector<LayerShape> of_warpgroups{Conv2dShape{2, 64, 9, 11, 192},  Conv2dShape{3, 128, 5, 7, 128},
                                                     Conv2dShape{1, 64, 12, 13, 256}, LinearShape{70, 192, 320},
                                                     LinearShape{5700, 192, 64},      LinearShape{70, 256, 64},
                                                     LinearShape{70, 128, 64},        LinearShape{70, 320, 64}};
  if (kernels == KernelSet::warpgroups) return of_warpgroups;
  static const std::vector<LayerShape> all{Conv2dShape{2, 24, 9, 11, 136}, Conv2dShape{1, 8, 12, 13, 64},
                                           Conv2dShape{1, 136, 5, 6, 16},  LinearShape{1, 516, 200},
                                           LinearShape{8, 260, 70},        LinearShape{9, 301, 43},
                                           LinearShape{150, 72, 130}};
  return all;
}

enum class Numbers : std::uint8_t { integers, reals, sizes };  // sizes: of the reals

Floats numbers(std::size_t count, std::uint32_t stream, Numbers kind) {
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t x = std::uint32_t(i) * 2654435761U + stream * 0x9E3779B9U;
    x = (x ^ x >> 16) * 0x7FEB352DU;
    x = (x ^ x >> 15) * 0x846CA68BU;
    x ^= x >> 16;
    const float real = float(double(x >> 8) / 8388608.0 - 1);
    values[i] = kind == Numbers::integers ? float(int(x >> 8) % 5 - 2) : kind == Numbers::reals ? real : std::abs(real);
  }
  return values;
}

// Device memory with values.
class Array {
 public:
  Array(const Context& context, const Floats& values)
      : count_(values.size()), buffer_(context.pool, values.size() * sizeof(float)), context_(context) {
    CUDA_CHECK(
        cudaMemcpyAsync(get(), values.data(), count_ * sizeof(float), cudaMemcpyHostToDevice, context.stream.get()));
    context.stream.wait();  // the values are the caller's
  }
  // Of a factor of a product.
  Array(const Context& context, const Floats& values, int columns) : Array(context, values) {
    const std::size_t rows = count_ / std::size_t(columns);
    copy_.emplace(context.pool, copy_bytes(rows, columns));
    bf16_copy(context.stream.get(), get(), rows, columns, copy_->data());
  }
  float* get() const { return buffer_.as<float>(); }
  Factor factor() const { return {get(), copy_ ? copy_->data() : nullptr}; }
  void append_to(Floats& values) const {
    const std::size_t begin = values.size();
    values.resize(begin + count_);
    CUDA_CHECK(cudaMemcpyAsync(values.data() + begin, get(), count_ * sizeof(float), cudaMemcpyDeviceToHost,
                               context_.stream.get()));
    context_.stream.wait();
  }

 private:
  std::size_t count_;
  DeviceBuffer buffer_;
  std::optional<DeviceBuffer> copy_;
  const Context& context_;
};

// The operands of every product of one shape.
class Operands {
 public:
  Operands(Context& context, const LayerShape& layer, Numbers kind)
      : context_(context), layer_(layer), shape_(gemm_shape(layer)), kind_(kind) {}

  Floats run(Product product, const Algorithm& by) const {
    context_.reserve_scratch(implicit_gemm_scratch_bytes(shape_, by.tile, by.splits));
    const GemmRun run{
        context_.stream.get(), context_.scratch(), context_.scratch_bytes(), context_.precision, by.tile, by.splits};
    const Array x = made(x_count(), shape_.inputs, 1), w = made(w_count(), shape_.inputs, 2),
                b = made(std::size_t(shape_.outputs), shape_.outputs, 3), dy = made(y_count(), shape_.outputs, 4),
                negative = made(w_count(), shape_.inputs, 5);
    // Results begin as NaN, so that a value that is not written differs.
    const Array y(context_, unwritten(y_count())), dx(context_, unwritten(x_count()));
    Floats results;
    switch (product) {
      case Product::forward:
        implicit_gemm_forward(shape_, run, x.factor(), w.factor(), with_bias() ? b.get() : nullptr, with_bias(),
                              y.get());
        y.append_to(results);
        break;
      case Product::backward_data:
        implicit_gemm_backward_data(shape_, run, dy.factor(), w.factor(), x.get(), dx.get());
        dx.append_to(results);
        break;
      case Product::backward_weights: {
        const Array dw(context_, unwritten(w_count())), db(context_, unwritten(std::size_t(shape_.outputs)));
        implicit_gemm_backward_weights(shape_, run, x.factor(), dy.factor(), dw.get(), db.get());
        dw.append_to(results);
        if (kind_ == Numbers::integers) db.append_to(results);
        break;
      }
      case Product::denominator:
      case Product::terms: {
        const Array second(context_, unwritten(y_count()));
        DenominatorPointers what;
        what.terms = product == Product::terms ? 2 : 1;
        what.term[0] = {
            product == Product::terms ? InputMap::positive : InputMap::identity, {}, w.factor(), b.get(), 1};
        what.term[1] = {InputMap::negative, {}, negative.factor(), nullptr, -1};
        what.x = x.factor();
        what.stabiliser = {Stabiliser::Kind::add_sign, 0.5};
        what.targets = 2;
        what.relevance[0] = what.relevance[1] = dy.get();
        what.quotients[0] = y.get(), what.quotients[1] = second.get();
        implicit_gemm_relevance_denominator(shape_, run, what);
        y.append_to(results);
        second.append_to(results);
        break;
      }
      case Product::redistribute: {
        RedistributionPointers what;
        what.terms = 2;
        what.term[0] = {InputMap::identity, {}, w.factor(), nullptr, 1};
        what.term[1] = {InputMap::positive, {}, negative.factor(), nullptr, -1};
        what.x = x.get();
        what.quotient = dy.factor();
        what.relevance = dx.get();
        implicit_gemm_relevance_redistribute(shape_, run, what);
        dx.append_to(results);
        break;
      }
    }
    return results;
  }

 private:
  Array made(std::size_t count, int columns, std::uint32_t stream) const {
    return {context_, numbers(count, stream, kind_), columns};
  }
  static Floats unwritten(std::size_t count) { return Floats(count, std::nanf("")); }
  bool with_bias() const { return kind_ == Numbers::integers; }
  std::size_t x_count() const { return std::size_t(shape_.pixels()) * std::size_t(shape_.inputs); }
  std::size_t y_count() const { return std::size_t(shape_.pixels()) * std::size_t(shape_.outputs); }
  std::size_t w_count() const {
    return std::size_t(shape_.outputs) * std::size_t(shape_.taps) * std::size_t(shape_.inputs);
  }

  Context& context_;
  const LayerShape layer_;
  const ImplicitGemmShape shape_;
  const Numbers kind_;
};

bool same_bits(const Floats& a, const Floats& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// |a - b| <= 2^-16 times the sum of the products' sizes. Sums of k products differ by some sqrt(k) 2^-24 of that, and
// by k 2^-24 where a tensor core truncates; a factor that is rounded otherwise, in TF32 or BF16, by 2^-11 or 2^-8 each.
bool close(const Floats& a, const Floats& b, const Floats& sizes) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= 0x1p-16F * sizes[i])) return false;
  return a.size() == b.size();
}

std::string shape_text(const LayerShape& s) {
  return fmt::format("{} x {} x {} x {} to {}", s.n, s.c, s.h, s.w, s.k);
}

std::string first_difference(Context& context, Precision precision, KernelSet kernels) {
  const Algorithm plain{Provider::own, GemmTile::plain, 1};
  for (const LayerShape& layer : shapes(kernels)) {
    const Operands integers(context, layer, Numbers::integers), reals(context, layer, Numbers::reals),
        sizes(context, layer, Numbers::sizes);
    for (const Product product : kProducts) {
      std::vector<GemmTile> tiles = tiles_of(kernels);
      std::erase_if(tiles,
                    [&](GemmTile tile) { return !tile_serves(tile, pass_of(product), gemm_shape(layer), precision); });
      if (tiles.empty()) continue;
      const bool has_reals = product <= Product::backward_weights;
      const Floats exact = integers.run(product, plain);
      const Floats rounded = has_reals ? reals.run(product, plain) : Floats{};
      const Floats size = has_reals ? sizes.run(product, plain) : Floats{};
      for (const GemmTile tile : tiles) {
        for (const int splits : {1, 3}) {
          const Algorithm algorithm{Provider::own, tile, splits};
          const auto difference = [&](const char* what) {
            return fmt::format("{} of {} by {} in {}: {}", kNames.at(std::size_t(product)), shape_text(layer),
                               name_of(algorithm), word_of(precision), what);
          };
          if (!same_bits(integers.run(product, algorithm), exact)) return difference("wrong on integers");
          if (!has_reals) continue;
          const Floats once = reals.run(product, algorithm);
          if (!close(once, rounded, size)) return difference("less precise than its sum of products");
          if (!same_bits(once, reals.run(product, algorithm))) return difference("other bits in a second run");
        }
      }
    }
  }
  return {};
}

}  // namespace

std::string self_test(Precision precision, KernelSet kernels, int gpu) {
  Context context(precision, gpu);
  try {
    return first_difference(context, precision, kernels);
  } catch (const Error& error) {  // an invalid access, for instance
    return error.what();
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA
