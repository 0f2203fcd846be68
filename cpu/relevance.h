#pragma once
#include <functional>
#include <span>

#include "cpu/context.h"
#include "ops/relevance.h"

namespace palimpsest::cpu {

// Shared by convolution and linear plans; see ops/relevance.h for the formulas. The plans bring only the products.
struct RelevanceShapes {
  Shape input, output;
  Layout layout;
};
// z = W x + bias (bias may be null)
using Product = std::function<void(const float* x, const RelevanceTerm& term, const float* bias, float* z)>;
// c = W^T s
using TransposedProduct = std::function<void(const RelevanceTerm& term, float* c)>;

RelevanceSums denominator(Context& context, const RelevanceShapes& shapes, const RelevanceDenominator& what,
                          std::span<const Tensor> relevance, std::span<const Tensor> quotients, const Product& product);
void redistribute(Context& context, const RelevanceShapes& shapes, const RelevanceRedistribution& what,
                  const Tensor& relevance, const TransposedProduct& product);

}  // namespace palimpsest::cpu
