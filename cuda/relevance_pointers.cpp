#include "cuda/relevance_pointers.h"

#include <algorithm>

#include "base/error.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

void fill_terms(const Context& context, const LayerShape& layer, std::span<const RelevanceTerm> terms, int& count,
                TermPointers* to) {
  PALIMPSEST_REQUIRE(!terms.empty() && terms.size() <= std::size_t(kMaxTerms), "{} terms", terms.size());
  count = int(terms.size());
  for (const RelevanceTerm& term : terms) {
    check(term.weights, layer.weights(), layer.weights_layout(), "weights");
    if (!term.bias.empty()) check(term.bias, layer.bias(), layer.vector_layout(), "bias");
    const bool constant = term.input == InputMap::constant;
    if (constant) check(term.constant, {1, layer.c}, layer.vector_layout(), "constant");
    *to++ = {term.input, constant ? data(context, term.constant) : nullptr, data(context, term.weights),
             optional_data(context, term.bias), term.sign};
  }
}

const float* optional_output(const Context& context, const LayerShape& layer, const Tensor& tensor, const char* name) {
  if (!tensor.empty()) check(tensor, layer.output(), layer.layout(), name);
  return optional_data(context, tensor);
}

}  // namespace

RelevanceSums relevance_denominator(Context& context, const LayerShape& layer, const GemmRun& run,
                                    const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                    std::span<const Tensor> quotients) {
  PALIMPSEST_REQUIRE(relevance.size() == quotients.size() && !relevance.empty(), "{} targets, {} quotients",
                     relevance.size(), quotients.size());
  DenominatorPointers pointers;
  fill_terms(context, layer, what.terms, pointers.terms, pointers.term);
  pointers.known = optional_output(context, layer, what.known, "known");
  if (!pointers.known) {
    check(what.x, layer.input(), layer.layout(), "x");
    pointers.x = data(context, what.x);
  }
  pointers.floor = optional_output(context, layer, what.floor, "floor");
  pointers.gate = what.gate;
  pointers.gate_by = optional_output(context, layer, what.gate_by, "gate_by");
  PALIMPSEST_REQUIRE(what.gate == Gate::all || pointers.gate_by, "a gate without its reference");
  pointers.stabiliser = what.stabiliser;
  const DeviceBuffer sums(context.pool, 5 * sizeof(double));
  for (std::size_t begin = 0; begin < relevance.size(); begin += kMaxTargets) {
    pointers.targets = int(std::min<std::size_t>(kMaxTargets, relevance.size() - begin));
    for (std::size_t k = 0; k < std::size_t(pointers.targets); ++k) {
      check(relevance[begin + k], layer.output(), layer.layout(), "relevance");
      check(quotients[begin + k], layer.output(), layer.layout(), "quotient");
      pointers.relevance[k] = data(context, relevance[begin + k]);
      pointers.quotients[k] = data(context, quotients[begin + k]);
    }
    pointers.sums = begin == 0 ? sums.as<double>() : nullptr;
    implicit_gemm_relevance_denominator(gemm_shape(layer), run, pointers);
  }
  struct Five {
    double value[5];
  };
  const auto [five] = context.downloader.value(sums.as<const Five>());
  return {five[0], five[1], five[2], five[3], five[4]};
}

void relevance_redistribute(const Context& context, const LayerShape& layer, const GemmRun& run,
                            const RelevanceRedistribution& what, const Tensor& quotient, const Tensor& relevance) {
  check(what.x, layer.input(), layer.layout(), "x");
  check(quotient, layer.output(), layer.layout(), "quotient");
  check(relevance, layer.input(), layer.layout(), "relevance");
  RedistributionPointers pointers;
  fill_terms(context, layer, what.terms, pointers.terms, pointers.term);
  pointers.x = data(context, what.x);
  pointers.factor = what.factor;
  pointers.accumulate = what.accumulate;
  pointers.quotient = data(context, quotient);
  pointers.relevance = data(context, relevance);
  implicit_gemm_relevance_redistribute(gemm_shape(layer), run, pointers);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
