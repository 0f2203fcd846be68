#include "cpu/relevance.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace palimpsest::cpu {

namespace {

// g_t(x), in the input's own layout. `identity` needs no copy.
const float* mapped_input(Context& context, const RelevanceShapes& shapes, const RelevanceTerm& term, const float* x) {
  if (term.input == InputMap::identity) return x;
  const Pieces p = pieces(context, shapes.input, shapes.layout);
  float* mapped = context.scratch(Context::mapped_input, p.count() * sizeof(float));
  const float* constant = term.input == InputMap::constant ? data(term.constant) : nullptr;
#pragma omp parallel for schedule(static)
  for (int piece = 0; piece < p.n * p.blocks; ++piece) {
    const std::size_t start = std::size_t(piece) * p.piece();
    const float* lane_constant = constant ? constant + piece % p.blocks * p.lanes : nullptr;
    for (std::size_t i = 0; i < p.piece(); ++i) {
      const float value = x[start + i];
      mapped[start + i] = term.input == InputMap::positive   ? std::max(value, 0.0F)
                          : term.input == InputMap::negative ? std::min(value, 0.0F)
                                                             : lane_constant[i % std::size_t(p.lanes)];
    }
  }
  return mapped;
}

std::vector<float> total_bias(const Context& context, const RelevanceShapes& shapes,
                              std::span<const RelevanceTerm> terms) {
  const Pieces p = pieces(context, shapes.output, shapes.layout);
  std::vector<float> total(std::size_t(p.blocks) * std::size_t(p.lanes), 0.0F);
  for (const auto& term : terms)
    if (!term.bias.empty())
      for (std::size_t i = 0; i < total.size(); ++i) total[i] += term.sign * data(term.bias)[i];
  return total;
}

inline float stabilised(float z, const Stabiliser& stabiliser, float epsilon) {
  switch (stabiliser.kind) {
    case Stabiliser::Kind::add_sign:
      return z + (z >= 0 ? epsilon : -epsilon);
    case Stabiliser::Kind::zero_only:
      return z == 0 ? epsilon : z;
    case Stabiliser::Kind::add:
      return z + epsilon;
  }
  return z;
}

struct Epilogue {
  const float* z;
  const float* floor;  // may be null
  const float* gate_by;
  Gate gate;
  Stabiliser stabiliser;
};

// s = R / stabilised(z) over one piece, with the sums that the ledger shows.
RelevanceSums divide_piece(const Epilogue& e, std::size_t start, const Pieces& p, const float* bias, const float* r,
                           float* s) {
  RelevanceSums sums;
  const auto epsilon = static_cast<float>(e.stabiliser.epsilon);
  for (std::size_t i = 0; i < p.piece(); ++i) {
    const std::size_t at = start + i;
    const float relevance = r[at];
    float quotient = 0;
    if (relevance != 0) {  // NaN is not 0 and passes on
      const float reference = e.gate_by ? e.gate_by[at] : 0.0F;
      const bool open = e.gate == Gate::all || (e.gate == Gate::positive ? reference > 0 : reference < 0);
      if (open) {
        const float z = e.floor ? std::max(e.z[at], e.floor[at]) : e.z[at];
        const float safe = stabilised(z, e.stabiliser, epsilon);
        sums.incoming += double(relevance);
        if (std::abs(z) < 1e-6F) sums.near_zero += 1;
        if (safe == 0) {
          sums.to_zero += double(relevance);
        } else {
          quotient = relevance / safe;
          sums.to_bias += double(quotient) * double(bias[i % std::size_t(p.lanes)]);
          sums.to_stabiliser += double(quotient) * (double(safe) - double(z));
        }
      }
    }
    s[at] = quotient;
  }
  return sums;
}

RelevanceSums divide(const Epilogue& epilogue, const Pieces& p, const std::vector<float>& bias, const float* r,
                     float* s) {
  std::vector<RelevanceSums> partial(std::size_t(p.n) * std::size_t(p.blocks));
#pragma omp parallel for schedule(static)
  for (int piece = 0; piece < p.n * p.blocks; ++piece)
    partial[std::size_t(piece)] =
        divide_piece(epilogue, std::size_t(piece) * p.piece(), p, bias.data() + piece % p.blocks * p.lanes, r, s);
  RelevanceSums total;
  for (const auto& one : partial) {
    total.incoming += one.incoming;
    total.to_bias += one.to_bias;
    total.to_stabiliser += one.to_stabiliser;
    total.to_zero += one.to_zero;
    total.near_zero += one.near_zero;
  }
  return total;
}

}  // namespace

RelevanceSums denominator(Context& context, const RelevanceShapes& shapes, const RelevanceDenominator& what,
                          std::span<const Tensor> relevance, std::span<const Tensor> quotients,
                          const Product& product) {
  PALIMPSEST_REQUIRE(relevance.size() == quotients.size() && !what.terms.empty(), "{} targets", relevance.size());
  const Pieces p = pieces(context, shapes.output, shapes.layout);
  const float* z = nullptr;
  if (!what.known.empty()) {
    check(context, what.known, shapes.output, shapes.layout, "known");
    z = data(what.known);
  } else {
    check(context, what.x, shapes.input, shapes.layout, "x");
    float* sum = context.scratch(Context::denominator, p.count() * sizeof(float));
    bool first = true;
    for (const auto& term : what.terms) {
      float* target = first ? sum : context.scratch(Context::term, p.count() * sizeof(float));
      product(mapped_input(context, shapes, term, data(what.x)), term, term.bias.empty() ? nullptr : data(term.bias),
              target);
      const float sign = term.sign;
      if (!first || sign != 1) {
#pragma omp parallel for schedule(static)
        for (std::size_t i = 0; i < p.count(); ++i) sum[i] = first ? sign * target[i] : sum[i] + sign * target[i];
      }
      first = false;
    }
    z = sum;
  }
  const auto optional = [&](const Tensor& tensor, const char* name) -> const float* {
    if (tensor.empty()) return nullptr;
    check(context, tensor, shapes.output, shapes.layout, name);
    return data(tensor);
  };
  const Epilogue epilogue{z, optional(what.floor, "floor"), optional(what.gate_by, "gate_by"), what.gate,
                          what.stabiliser};
  const auto bias = total_bias(context, shapes, what.terms);
  RelevanceSums sums;
  for (std::size_t k = 0; k < relevance.size(); ++k) {
    check(context, relevance[k], shapes.output, shapes.layout, "relevance");
    check(context, quotients[k], shapes.output, shapes.layout, "quotient");
    const auto of_target = divide(epilogue, p, bias, data(relevance[k]), data(quotients[k]));
    if (k == 0) sums = of_target;
  }
  return sums;
}

void redistribute(Context& context, const RelevanceShapes& shapes, const RelevanceRedistribution& what,
                  const Tensor& relevance, const TransposedProduct& product) {
  check(context, what.x, shapes.input, shapes.layout, "x");
  check(context, relevance, shapes.input, shapes.layout, "relevance");
  const Pieces p = pieces(context, shapes.input, shapes.layout);
  const float* x = data(what.x);
  float* r = data(relevance);
  bool accumulate = what.accumulate;
  for (const auto& term : what.terms) {
    float* c = context.scratch(Context::term, p.count() * sizeof(float));
    product(term, c);
    const float factor = what.factor * term.sign;
    const float* g = mapped_input(context, shapes, term, x);
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < p.count(); ++i) {
      const float share = factor * g[i] * c[i];
      r[i] = accumulate ? r[i] + share : share;
    }
    accumulate = true;
  }
}

}  // namespace palimpsest::cpu
