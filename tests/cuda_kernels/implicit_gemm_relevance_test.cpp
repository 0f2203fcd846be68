#include <algorithm>
#include <memory>
#include <numeric>

#include "base/error.h"
#include "tests/cuda_kernels/gemm_runs.h"

// The epilogues of relevance propagation. On integers z is exact, and so is every quotient: one IEEE division of the
// same two floats. The ledger's sums are double sums in another order.
namespace palimpsest::PALIMPSEST_CUDA {
namespace {

using namespace reference;

struct Term {
  InputMap input = InputMap::identity;
  float sign = 1;
  bool bias = false;
};

// The inputs of a denominator, on the host.
struct Denominator {
  std::vector<Term> terms;
  bool floor = false, known = false;
  Gate gate = Gate::all;
  Stabiliser stabiliser = {};
  int targets = 1;
  bool in_place = false;
};

struct HostTerms {
  std::vector<Floats> weights, bias;
  Floats constant;
};
HostTerms host_terms(const LayerCase& layer, std::size_t count) {
  HostTerms host;
  for (unsigned t = 0; t < count; ++t) {
    host.weights.push_back(weight_values(layer, Numbers::integers, 20 + t));
    host.bias.push_back(bias_values(layer, Numbers::integers, 30 + t));
  }
  host.constant = values(std::size_t(layer.shape.inputs), {layer.inputs, layer.shape.inputs}, Numbers::integers, 40);
  return host;
}

// Values in the output's layout, different for each seed.
Floats output_values(const LayerCase& layer, unsigned seed) {
  return values(layer.y_count(), {layer.outputs, layer.shape.outputs}, Numbers::integers, seed);
}
constexpr unsigned kFloorSeed = 50, kKnownSeed = 51, kGateSeed = 52, kRelevanceSeed = 60;

struct Result {
  std::vector<Floats> quotients;
  RelevanceSums sums;
};

float stabilised(float z, const Stabiliser& stabiliser) {
  const auto epsilon = float(stabiliser.epsilon);
  if (stabiliser.kind == Stabiliser::Kind::add) return z + epsilon;
  if (stabiliser.kind == Stabiliser::Kind::zero_only) return z == 0 ? epsilon : z;
  return z + (z >= 0 ? epsilon : -epsilon);
}

Doubles denominator_values(const LayerCase& layer, const Denominator& what, const HostTerms& host, Doubles& bias) {
  Doubles z(layer.y_count(), 0.0);
  bias.assign(std::size_t(layer.shape.outputs), 0.0);
  for (std::size_t t = 0; t < what.terms.size(); ++t) {
    const Term& term = what.terms[t];
    const Floats g = mapped(term.input, input_values(layer, Numbers::integers), host.constant);
    const Doubles product = forward(layer.shape, g, host.weights[t]);
    for (std::size_t i = 0; i < z.size(); ++i) z[i] += double(term.sign) * product[i];
    for (std::size_t o = 0; term.bias && o < bias.size(); ++o) bias[o] += double(term.sign) * double(host.bias[t][o]);
  }
  for (std::size_t i = 0; i < z.size(); ++i) z[i] += bias[i % bias.size()];
  if (what.known) {
    const Floats known = output_values(layer, kKnownSeed);
    z.assign(known.begin(), known.end());
  }
  return z;
}

Result expected_result(const LayerCase& layer, const Denominator& what) {
  const HostTerms host = host_terms(layer, what.terms.size());
  Doubles bias;
  const Doubles z = denominator_values(layer, what, host, bias);
  const Floats floor = output_values(layer, kFloorSeed), gate = output_values(layer, kGateSeed);
  Result result;
  for (int target = 0; target < what.targets; ++target) {
    Floats s = output_values(layer, kRelevanceSeed + unsigned(target));
    for (std::size_t i = 0; i < s.size(); ++i) {
      const float r = s[i];
      s[i] = 0;
      if (what.gate == Gate::positive && !(gate[i] > 0)) continue;
      if (what.gate == Gate::negative && !(gate[i] < 0)) continue;
      const float raised = what.floor ? std::max(float(z[i]), floor[i]) : float(z[i]);
      const float safe = stabilised(raised, what.stabiliser);
      if (r != 0 && safe != 0) s[i] = r / safe;
      if (target != 0 || r == 0) continue;
      result.sums.incoming += double(r);
      result.sums.near_zero += std::abs(raised) < 1e-6F ? 1 : 0;
      result.sums.to_zero += safe == 0 ? double(r) : 0;
      result.sums.to_bias += double(s[i]) * bias[i % bias.size()];
      result.sums.to_stabiliser += double(s[i]) * (double(safe) - double(raised));
    }
    result.quotients.push_back(s);
  }
  return result;
}

class DeviceTerms {
 public:
  DeviceTerms(const LayerCase& layer, const HostTerms& host, const std::vector<Term>& terms)
      : constant_(host.constant, layer.shape.inputs) {
    for (std::size_t t = 0; t < terms.size(); ++t) {
      weights_.push_back(std::make_unique<DeviceFactor>(host.weights[t], layer.shape.inputs));
      bias_.push_back(std::make_unique<DeviceArray<float>>(host.bias[t]));
      term[t] = {terms[t].input, terms[t].input == InputMap::constant ? constant_.factor() : Factor{},
                 weights_[t]->factor(), terms[t].bias ? bias_[t]->get() : nullptr, terms[t].sign};
    }
  }
  TermPointers term[kMaxTerms];

 private:
  DeviceFactor constant_;
  std::vector<std::unique_ptr<DeviceFactor>> weights_;
  std::vector<std::unique_ptr<DeviceArray<float>>> bias_;
};

Result run_denominator(const LayerCase& layer, const Denominator& what, const Variant& variant) {
  const DeviceTerms terms(layer, host_terms(layer, what.terms.size()), what.terms);
  const DeviceFactor x(input_values(layer, Numbers::integers), layer.shape.inputs);
  const DeviceArray<float> floor(output_values(layer, kFloorSeed)), known(output_values(layer, kKnownSeed)),
      gate(output_values(layer, kGateSeed));
  DenominatorPointers pointers;
  pointers.terms = int(what.terms.size());
  std::copy(std::begin(terms.term), std::end(terms.term), pointers.term);
  pointers.x = x.factor();
  if (what.floor) pointers.floor = floor.get();
  if (what.known) pointers.known = known.get();
  if (what.gate != Gate::all) pointers.gate_by = gate.get();
  pointers.gate = what.gate;
  pointers.stabiliser = what.stabiliser;
  pointers.targets = what.targets;
  const int outputs = layer.shape.outputs;
  std::vector<std::unique_ptr<DeviceFactor>> relevance, quotients;
  for (int target = 0; target < what.targets; ++target) {
    const Floats values = output_values(layer, kRelevanceSeed + unsigned(target));
    relevance.push_back(std::make_unique<DeviceFactor>(values, outputs));
    quotients.push_back(std::make_unique<DeviceFactor>(layer.y_count(), outputs));
    pointers.relevance[target] = relevance.back()->get();
    pointers.quotients[target] = (what.in_place ? relevance : quotients).back()->destination(variant.precision);
  }
  const DeviceArray<double> sums(std::size_t{5});
  pointers.sums = sums.get();
  const Scratch scratch(layer.shape, variant);
  implicit_gemm_relevance_denominator(layer.shape, scratch.run(), pointers);
  scratch.expect_guarded();
  Result result;
  for (const auto& s : what.in_place ? relevance : quotients)
    result.quotients.push_back(s->result(variant, layer.name));
  const std::vector<double> five = sums.download();
  result.sums = {five[0], five[1], five[2], five[3], five[4]};
  return result;
}

void expect_denominator(const LayerCase& layer, const Denominator& what, const Variant& variant,
                        const std::string& name) {
  const std::string where = name + ", " + layer.name + ", " + variant.name();
  const Result expected = expected_result(layer, what), got = run_denominator(layer, what, variant);
  for (std::size_t target = 0; target < expected.quotients.size(); ++target)
    expect_equal(got.quotients[target], expected.quotients[target], where + ", target " + std::to_string(target));
  const double size = 1 + double(layer.y_count());
  EXPECT_NEAR(got.sums.incoming, expected.sums.incoming, 1e-13 * size) << where;
  EXPECT_NEAR(got.sums.to_bias, expected.sums.to_bias, 1e-10 * size) << where;
  EXPECT_NEAR(got.sums.to_stabiliser, expected.sums.to_stabiliser, 1e-10 * size) << where;
  EXPECT_NEAR(got.sums.to_zero, expected.sums.to_zero, 1e-13 * size) << where;
  EXPECT_EQ(got.sums.near_zero, expected.sums.near_zero) << where;
}

using Kind = Stabiliser::Kind;

// One for each variant of the epilogue and of the terms.
std::vector<std::pair<std::string, Denominator>> denominators() {
  const Term plain{InputMap::identity, 1, true};
  return {
      {"epsilon", {.terms = {plain}, .stabiliser = {Kind::add_sign, 0.25}}},
      {"zero only", {.terms = {plain}, .stabiliser = {Kind::zero_only, 0.25}, .targets = 3}},
      {"add", {.terms = {plain}, .stabiliser = {Kind::add, 0.5}, .in_place = true}},
      {"nothing added", {.terms = {{InputMap::identity, 1, false}}, .stabiliser = {Kind::add_sign, 0}}},
      {"floor", {.terms = {plain}, .floor = true, .stabiliser = {Kind::add_sign, 0.25}}},
      {"known", {.terms = {plain}, .known = true, .stabiliser = {Kind::add_sign, 0.25}, .targets = 2}},
      {"known and floor", {.terms = {plain}, .floor = true, .known = true}},
      {"positive gate", {.terms = {plain}, .gate = Gate::positive, .stabiliser = {Kind::add_sign, 0.25}}},
      {"negative gate", {.terms = {plain}, .gate = Gate::negative, .targets = 2, .in_place = true}},
      {"signed inputs",
       {.terms = {{InputMap::positive, 1, true}, {InputMap::negative, 1, false}},
        .stabiliser = {Kind::zero_only, 0.25},
        .targets = 2}},
      {"box",
       {.terms = {{InputMap::identity, 1, false}, {InputMap::constant, -1, false}, {InputMap::constant, -1, true}},
        .stabiliser = {Kind::add_sign, 0.25}}},
      {"flat", {.terms = {{InputMap::constant, 1, false}}, .stabiliser = {Kind::add_sign, 0.25}}},
      {"four terms, x once more after a constant",
       {.terms = {{InputMap::negative, -1, true},
                  {InputMap::constant, 1, true},
                  {InputMap::positive, 1, false},
                  {InputMap::identity, -1, true}},
        .floor = true,
        .stabiliser = {Kind::add, 0.5}}},
  };
}

std::vector<LayerCase> relevance_layers() {
  return {convolution(1, 1, 1, 1, 1), convolution(2, 3, 7, 5, 17), convolution(1, 20, 4, 5, 36), linear(3, 5, 7),
          linear(2, 72, 41)};
}

TEST(ImplicitGemmRelevance, DenominatorIsExactOnIntegers) {
  for (const LayerCase& layer : relevance_layers())
    for (const auto& [name, what] : denominators()) expect_denominator(layer, what, {}, name);
}

TEST(ImplicitGemmRelevance, DenominatorWithEveryTileAndPrecision) {
  const LayerCase layer = convolution(2, 9, 5, 6, 12);
  for (const auto& [name, what] : denominators())
    for (const Variant& variant : all_variants({GemmTile::large, GemmTile::tall, GemmTile::small, GemmTile::plain}))
      if (what.terms.size() != 4 || variant.tile != GemmTile::large) expect_denominator(layer, what, variant, name);
}

// R = factor * sum_t sign_t g_t(x) c_t
void expect_redistribution(const LayerCase& layer, const std::vector<Term>& terms, bool accumulate,
                           const Variant& variant) {
  const HostTerms host = host_terms(layer, terms.size());
  const Floats x = input_values(layer, Numbers::integers), s = gradient_values(layer, Numbers::integers);
  const Floats before = values(layer.x_count(), {layer.inputs, layer.shape.inputs}, Numbers::integers, 70);
  Doubles expected(before.size(), 0.0);
  if (accumulate) expected.assign(before.begin(), before.end());
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const Floats g = mapped(terms[t].input, x, host.constant);
    const Doubles c = backward_data(layer.shape, s, host.weights[t]);
    for (std::size_t i = 0; i < c.size(); ++i) expected[i] += -2 * double(terms[t].sign) * double(g[i]) * c[i];
  }
  const DeviceTerms device(layer, host, terms);
  const DeviceFactor ds(s, layer.shape.outputs);
  const DeviceArray<float> dx(x), out(before);
  RedistributionPointers pointers;
  pointers.terms = int(terms.size());
  std::copy(std::begin(device.term), std::end(device.term), pointers.term);
  pointers.x = dx.get();
  pointers.factor = -2;
  pointers.accumulate = accumulate;
  pointers.quotient = ds.factor();
  pointers.relevance = out.get();
  const DeviceArray<double> sums(std::size_t{2});
  pointers.sums = sums.get();
  const Scratch scratch(layer.shape, variant);
  implicit_gemm_relevance_redistribute(layer.shape, scratch.run(), pointers);
  scratch.expect_guarded();
  expect_equal(out.download(), expected, layer.name + ", " + variant.name());
  const std::vector<double> two = sums.download();
  EXPECT_EQ(two[0], std::accumulate(expected.begin(), expected.end(), 0.0)) << layer.name << variant.name();
  EXPECT_EQ(two[1], double(*std::min_element(x.begin(), x.end()))) << layer.name << variant.name();
}

const std::vector<std::vector<Term>>& redistributions() {
  static const std::vector<std::vector<Term>> all = {
      {{InputMap::identity}},
      {{InputMap::positive}, {InputMap::negative}},
      {{InputMap::identity}, {InputMap::constant, -1}, {InputMap::constant, -1}},
  };
  return all;
}

TEST(ImplicitGemmRelevance, RedistributionIsExactOnIntegers) {
  for (const LayerCase& layer : relevance_layers())
    for (const auto& terms : redistributions())
      for (const bool accumulate : {false, true})
        for (const Variant& variant : supported({{},
                                                 {Precision::fp32, GemmTile::narrow, 2},
                                                 {Precision::tf32, GemmTile::tall, 1},
                                                 {Precision::bf16, GemmTile::small, 2},
                                                 {Precision::bf16, GemmTile::plain, 1}}))
          expect_redistribution(layer, terms, accumulate, variant);
}

// Tiles of each width, one after the other in a block.
TEST(ImplicitGemmRelevance, Warpgroups) {
  const std::vector<LayerCase> layers{convolution(2, 64, 9, 11, 64), convolution(1, 128, 5, 3, 128),
                                      convolution(1, 256, 2, 9, 256), linear(130 * 128 + 5, 64, 64)};
  for (const LayerCase& layer : layers)
    for (const Variant& variant : warpgroup_variants()) {
      for (const auto& [name, what] : denominators())
        if (layer.shape.taps == 9 || name == "zero only") expect_denominator(layer, what, variant, name);
      for (const auto& terms : redistributions())
        for (const bool accumulate : {false, true})
          if (layer.shape.taps == 9 || terms.size() == 2) expect_redistribution(layer, terms, accumulate, variant);
    }
}

TEST(ImplicitGemmRelevance, RefusesMissingPointers) {
  const LayerCase layer = linear(2, 8, 8);
  const Scratch scratch(layer.shape, {});
  DenominatorPointers what;
  EXPECT_THROW(implicit_gemm_relevance_denominator(layer.shape, scratch.run(), what), ContractError);  // no term
  what.terms = what.targets = 1;
  EXPECT_THROW(implicit_gemm_relevance_denominator(layer.shape, scratch.run(), what), ContractError);  // no x
  RedistributionPointers back;
  back.terms = 1;
  EXPECT_THROW(implicit_gemm_relevance_redistribute(layer.shape, scratch.run(), back), ContractError);  // no weights
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
