#include "cuda/relevance_pointers.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "cuda/factor.h"
#include "cuda/map_inputs.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::size_t kAlignment = 256;  // that the libraries may rely on

// copies: whether our own products read the terms.
void fill_terms(const Context& context, const LayerShape& layer, std::span<const RelevanceTerm> terms, bool copies,
                int& count, TermPointers* to) {
  const auto operand = [&](const Tensor& tensor) {
    return copies ? factor(context, tensor) : Factor(data(context, tensor));
  };
  PALIMPSEST_REQUIRE(!terms.empty() && terms.size() <= std::size_t(kMaxTerms), "{} terms", terms.size());
  count = int(terms.size());
  for (const RelevanceTerm& term : terms) {
    check(term.weights, layer.weights(), layer.weights_layout(), "weights");
    if (!term.bias.empty()) check(term.bias, layer.bias(), layer.vector_layout(), "bias");
    const bool constant = term.input == InputMap::constant;
    if (constant) check(term.constant, {1, layer.c}, layer.vector_layout(), "constant");
    *to++ = {term.input, constant ? operand(term.constant) : Factor{}, operand(term.weights),
             optional_data(context, term.bias), term.sign};
  }
}

const float* optional_output(const Context& context, const LayerShape& layer, const Tensor& tensor, const char* name) {
  if (!tensor.empty()) check(tensor, layer.output(), layer.layout(), name);
  return optional_data(context, tensor);
}

// The product of each term, one behind the other.
std::unique_ptr<DeviceBuffer> terms_by(Context& context, const LayerShape& layer, const DenominatorPointers& what,
                                       const Multiply& product) {
  const std::size_t bytes = bytes_of(layer.output(), layer.layout());
  auto products = std::make_unique<DeviceBuffer>(context.pool, std::size_t(what.terms) * bytes);
  const ImplicitGemmShape shape = gemm_shape(layer);
  std::optional<DeviceBuffer> mapped;
  for (int t = 0; t < what.terms; ++t) {
    const TermPointers& term = what.term[t];
    const float* x = what.x.values;
    if (term.input != InputMap::identity || term.sign != 1) {
      if (!mapped) mapped.emplace(context.pool, bytes_of(layer.input(), layer.layout()));
      map_inputs(context, std::size_t(shape.pixels()), shape.inputs, term, x, mapped->as<float>());
      x = mapped->as<float>();
    }
    char* const to = products->as<char>() + std::size_t(t) * bytes;
    if (std::size_t(t) * bytes % kAlignment == 0) {
      product(x, term.weights.values, reinterpret_cast<float*>(to));
    } else {  // a matrix of another size
      const DeviceBuffer aligned(context.pool, bytes);
      product(x, term.weights.values, aligned.as<float>());
      CUDA_CHECK(cudaMemcpyAsync(to, aligned.data(), bytes, cudaMemcpyDeviceToDevice, context.stream.get()));
    }
  }
  return products;
}

// Every target, so many at a time; the sums are the first one's.
void divide(const Context& context, const ImplicitGemmShape& shape, const GemmRun& run, DenominatorPointers pointers,
            const Shape& output, Layout layout, std::span<const Tensor> relevance, std::span<const Tensor> quotients) {
  PALIMPSEST_REQUIRE(relevance.size() == quotients.size() && !relevance.empty(), "{} targets, {} quotients",
                     relevance.size(), quotients.size());
  for (std::size_t begin = 0; begin < relevance.size(); begin += kMaxTargets) {
    pointers.targets = int(std::min<std::size_t>(kMaxTargets, relevance.size() - begin));
    for (std::size_t k = 0; k < std::size_t(pointers.targets); ++k) {
      check(relevance[begin + k], output, layout, "relevance");
      check(quotients[begin + k], output, layout, "quotient");
      pointers.relevance[k] = data(context, relevance[begin + k]);
      pointers.quotients[k] = destination(context, quotients[begin + k]);
    }
    implicit_gemm_relevance_denominator(shape, run, pointers);
    for (std::size_t k = 0; k < std::size_t(pointers.targets); ++k)
      copied(context, quotients[begin + k], pointers.quotients[k]);
    pointers.sums = nullptr;
  }
}

}  // namespace

void relevance_denominator(Context& context, const LayerShape& layer, const GemmRun& run,
                           const RelevanceDenominator& what, std::span<const Tensor> relevance,
                           std::span<const Tensor> quotients, const Multiply& product) {
  DenominatorPointers pointers;
  pointers.known = optional_output(context, layer, what.known, "known");
  const bool own = !pointers.known && !product;
  fill_terms(context, layer, what.terms, own, pointers.terms, pointers.term);
  if (!pointers.known) {
    check(what.x, layer.input(), layer.layout(), "x");
    pointers.x = own ? factor(context, what.x) : Factor(data(context, what.x));
  }
  pointers.floor = optional_output(context, layer, what.floor, "floor");
  pointers.gate = what.gate;
  pointers.gate_by = optional_output(context, layer, what.gate_by, "gate_by");
  PALIMPSEST_REQUIRE(what.gate == Gate::all || pointers.gate_by, "a gate without its reference");
  pointers.stabiliser = what.stabiliser;
  std::unique_ptr<DeviceBuffer> products;
  if (product && !pointers.known) {
    products = terms_by(context, layer, pointers, product);
    pointers.products = products->as<float>();
  }
  pointers.sums = scalars(context, what.sums, RelevanceSums::kCount);
  divide(context, gemm_shape(layer), run, pointers, layer.output(), layer.layout(), relevance, quotients);
}

void relevance_quotients(Context& context, const Tensor& z, const Stabiliser& stabiliser,
                         std::span<const Tensor> relevance, std::span<const Tensor> quotients, const Scalars& sums) {
  check(z, z.shape, Layout::matrix, "z");
  DenominatorPointers pointers;
  pointers.terms = 1;
  pointers.known = data(context, z);
  pointers.stabiliser = stabiliser;
  pointers.sums = scalars(context, sums, RelevanceSums::kCount);
  const ImplicitGemmShape shape = gemm_shape(LinearShape{z.shape.n, z.shape.c, z.shape.c});
  context.reserve_scratch(implicit_gemm_scratch_bytes(shape));
  const GemmRun run{context.stream.get(), context.scratch(), context.scratch_bytes()};
  divide(context, shape, run, pointers, z.shape, z.layout, relevance, quotients);
}

void relevance_redistribute(const Context& context, const LayerShape& layer, const GemmRun& run,
                            const RelevanceRedistribution& what, const Tensor& quotient, const Tensor& relevance,
                            const Multiply& product) {
  check(what.x, layer.input(), layer.layout(), "x");
  check(quotient, layer.output(), layer.layout(), "quotient");
  check(relevance, layer.input(), layer.layout(), "relevance");
  RedistributionPointers pointers;
  fill_terms(context, layer, what.terms, !product, pointers.terms, pointers.term);
  pointers.x = data(context, what.x);
  pointers.factor = what.factor;
  pointers.accumulate = what.accumulate;
  pointers.quotient = product ? Factor(data(context, quotient)) : factor(context, quotient);
  pointers.relevance = written(context, relevance);
  pointers.sums = scalars(context, what.sums, 2);
  if (!product) return implicit_gemm_relevance_redistribute(gemm_shape(layer), run, pointers);
  const DeviceBuffer c(context.pool, bytes_of(layer.input(), layer.layout()));
  pointers.product = c.as<float>();
  const int terms = std::exchange(pointers.terms, 1);
  double* const sums = std::exchange(pointers.sums, nullptr);
  for (int t = 0; t < terms; ++t) {
    const TermPointers& term = pointers.term[t];
    product(pointers.quotient.values, term.weights.values, c.as<float>());
    pointers.term[0] = term;
    if (t + 1 == terms) pointers.sums = sums;
    implicit_gemm_relevance_redistribute(gemm_shape(layer), run, pointers);
    pointers.accumulate = true;
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA
