// The two halves of every relevance rule (ops/relevance.h), over the products of a layer.

#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu/layer.h"
#include "cpu/reduce.h"
#include "ops/stabilised.h"

namespace palimpsest::cpu {

namespace {

struct Epilogue {
  const float* z;
  const float* floor;  // may be null
  const float* gate_by;
  Gate gate;
  Stabiliser stabiliser;
};

// s = R / stabilised(z) over one piece, with the sums for the ledger.
RelevanceSums divide_piece(const Epilogue& e, std::size_t start, const Pieces& p, const float* bias, const float* r,
                           float* s) {
  RelevanceSums sums;
  for (std::size_t i = 0; i < p.piece(); ++i) {
    const std::size_t at = start + i;
    const float relevance = r[at];
    float quotient = 0;
    if (relevance != 0) {  // NaN is not 0 and propagates
      const float reference = e.gate_by ? e.gate_by[at] : 0.0F;
      const bool open = e.gate == Gate::all || (e.gate == Gate::positive ? reference > 0 : reference < 0);
      if (open) {
        const float z = e.floor ? std::max(e.z[at], e.floor[at]) : e.z[at];
        const float safe = stabilised(z, e.stabiliser);
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

RelevanceSums divide_one(const Epilogue& epilogue, const Pieces& p, const std::vector<float>& bias, const float* r,
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

// Every target; the ledger gets the first one's sums.
void divide(const Context& context, const Epilogue& epilogue, const Shape& shape, Layout layout,
            const std::vector<float>& bias, std::span<const Tensor> relevance, std::span<const Tensor> quotients,
            const Scalars& to) {
  PALIMPSEST_REQUIRE(relevance.size() == quotients.size() && !relevance.empty(), "{} targets, {} quotients",
                     relevance.size(), quotients.size());
  const Pieces p = pieces(context, shape, layout);
  for (std::size_t k = 0; k < relevance.size(); ++k) {
    check(context, relevance[k], shape, layout, "relevance");
    check(context, quotients[k], shape, layout, "quotient");
    const RelevanceSums sums = divide_one(epilogue, p, bias, data(context, relevance[k]), data(context, quotients[k]));
    if (k > 0 || to.empty()) continue;
    double* const five = scalars(context, to, RelevanceSums::kCount);
    five[0] = sums.incoming, five[1] = sums.to_bias, five[2] = sums.to_stabiliser, five[3] = sums.to_zero;
    five[4] = sums.near_zero;
  }
}

}  // namespace

void relevance_quotients(const Context& context, const Tensor& z, const Stabiliser& stabiliser,
                         std::span<const Tensor> relevance, std::span<const Tensor> quotients, const Scalars& sums) {
  check(context, z, z.shape, z.layout, "z");
  const Pieces p = pieces(context, z.shape, z.layout);
  divide(context, {data(context, z), nullptr, nullptr, Gate::all, stabiliser}, z.shape, z.layout,
         std::vector<float>(std::size_t(p.blocks) * std::size_t(p.lanes), 0.0F), relevance, quotients, sums);
}

// g_t(x), in the input's own layout. `identity` needs no copy.
const float* CpuLayerPlan::mapped_input(const RelevanceTerm& term, const float* x) {
  if (term.input == InputMap::identity) return x;
  const Pieces p = pieces(context_, shape_.input(), shape_.layout());
  float* mapped = context_.scratch(Context::mapped_input, p.count() * sizeof(float));
  const float* constant = term.input == InputMap::constant ? data(context_, term.constant) : nullptr;
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

std::vector<float> CpuLayerPlan::total_bias(std::span<const RelevanceTerm> terms) const {
  const Pieces p = pieces(context_, shape_.output(), shape_.layout());
  std::vector<float> total(std::size_t(p.blocks) * std::size_t(p.lanes), 0.0F);
  for (const auto& term : terms)
    if (!term.bias.empty())
      for (std::size_t i = 0; i < total.size(); ++i) total[i] += term.sign * data(context_, term.bias)[i];
  return total;
}

// z, in scratch memory unless it is known. A fast algorithm's rounding is harmless only if the floor bounds z from
// below (docs/relevance.md).
const float* CpuLayerPlan::denominator(const RelevanceDenominator& what) {
  if (!what.known.empty()) return checked(what.known, shape_.output(), "known");
  const float* const x = checked(what.x, shape_.input(), "x");
  const auto pass = what.floor.empty() ? std::nullopt : std::optional(LayerPass::relevance);
  const std::size_t count = pieces(context_, shape_.output(), shape_.layout()).count();
  float* const sum = context_.scratch(Context::denominator, count * sizeof(float));
  bool first = true;
  for (const auto& term : what.terms) {
    float* const target = first ? sum : context_.scratch(Context::term, count * sizeof(float));
    product(pass, mapped_input(term, x), term.weights, term.bias.empty() ? nullptr : data(context_, term.bias), false,
            target);
    const float sign = term.sign;
    if (!first || sign != 1) {
#pragma omp parallel for schedule(static)
      for (std::size_t i = 0; i < count; ++i) sum[i] = first ? sign * target[i] : sum[i] + sign * target[i];
    }
    first = false;
  }
  return sum;
}

void CpuLayerPlan::relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                         std::span<const Tensor> quotients) {
  PALIMPSEST_REQUIRE(!what.terms.empty(), "no terms");
  const auto optional = [&](const Tensor& tensor, const char* name) {
    return tensor.empty() ? nullptr : checked(tensor, shape_.output(), name);
  };
  const Epilogue epilogue{denominator(what), optional(what.floor, "floor"), optional(what.gate_by, "gate_by"),
                          what.gate, what.stabiliser};
  divide(context_, epilogue, shape_.output(), shape_.layout(), total_bias(what.terms), relevance, quotients, what.sums);
}

void CpuLayerPlan::relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                                          const Tensor& relevance) {
  const float* const s = checked(quotient, shape_.output(), "quotient");
  const float* const x = checked(what.x, shape_.input(), "x");
  checked(relevance, shape_.input(), "relevance");
  const Pieces p = pieces(context_, shape_.input(), shape_.layout());
  float* const r = data(context_, relevance);
  bool accumulate = what.accumulate;
  for (const auto& term : what.terms) {
    float* const c = context_.scratch(Context::term, p.count() * sizeof(float));
    transposed_product(s, term.weights, c);
    const float factor = what.factor * term.sign;
    const float* const g = mapped_input(term, x);
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < p.count(); ++i) {
      const float share = factor * g[i] * c[i];
      r[i] = accumulate ? r[i] + share : share;
    }
    accumulate = true;
  }
  if (what.sums.empty()) return;
  double* const two = scalars(context_, what.sums, 2);
  two[0] = sum(context_, relevance), two[1] = smallest(context_, what.x);
}

}  // namespace palimpsest::cpu
