#include "lrp/rules.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lrp/composites.h"
#include "tests/lrp/layer_relevance.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/reference_lrp.h"

namespace palimpsest::lrp {
namespace {

using Kind = RuleChoice::Kind;

const std::vector<RuleChoice>& all_rules() {
  static const std::vector<RuleChoice> rules{
      {.kind = Kind::lrp_0, .epsilon = {}},      {.kind = Kind::epsilon, .epsilon = 0.01},
      {.kind = Kind::gamma, .epsilon = {}},      {.kind = Kind::z_plus, .epsilon = {}},
      {.kind = Kind::alpha_beta, .epsilon = {}}, {.kind = Kind::alpha_beta, .epsilon = {}, .alpha = 2, .beta = 1},
      {.kind = Kind::z_box, .epsilon = {}},      {.kind = Kind::w_square, .epsilon = {}},
      {.kind = Kind::flat, .epsilon = {}}};
  return rules;
}

bool offered(const RuleChoice& rule, const Dialect& dialect) {
  switch (rule.kind) {
    case Kind::gamma:
      return dialect.has_gamma;
    case Kind::alpha_beta:
      return dialect.has_alpha_beta || rule.beta == 0;
    case Kind::z_box:
    case Kind::w_square:
    case Kind::flat:
      return dialect.has_flat_and_box;
    default:
      return true;
  }
}

// Numbers in (-1, 1) from the index alone, never tiny, so that no denominator is zero by chance.
std::vector<float> numbers(std::size_t count, unsigned stream) {
  std::vector<float> values;
  std::uint32_t state = 2463534242U + 7919U * stream;
  for (std::size_t i = 0; i < count; ++i) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    const float v = float(state >> 8) / float(1 << 24) * 2 - 1;
    values.push_back(v >= 0 ? v + 0.05F : v - 0.05F);
  }
  return values;
}

reference::Values doubled(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

// One number for each channel, to one for each input.
reference::Values spread(const std::vector<float>& of_channel, const Shape& input) {
  reference::Values all;
  for (int n = 0; n < input.n; ++n)
    for (const float v : of_channel) all.insert(all.end(), std::size_t(input.h) * std::size_t(input.w), double(v));
  return all;
}

void compare_layer(const LayerShape& shape, bool signed_inputs) {
  const auto device = cpu_device();
  LayerData data{numbers(std::size_t(shape.input().count()), 1),
                 numbers(std::size_t(shape.weights().count()), 2),
                 numbers(std::size_t(shape.k), 3),
                 numbers(std::size_t(shape.output().count()), 4),
                 std::vector<float>(std::size_t(shape.c), -1.5F),
                 std::vector<float>(std::size_t(shape.c), 1.5F)};
  if (!signed_inputs)
    for (std::size_t i = 0; i < data.x.size(); ++i) data.x[i] = i % 3 == 1 ? 0 : std::abs(data.x[i]);
  if (data.r.size() > 3) data.r[0] = 0;
  const auto layer = reference::connected(shape, doubled(data.w), doubled(data.b));
  for (const auto& dialect : dialect_names())
    for (const auto& choice : all_rules()) {
      if (!offered(choice, dialect_named(dialect))) continue;
      const Rule rule = make_rule(choice, dialect_named(dialect));
      SCOPED_TRACE(dialect + " " + rule.name);
      const auto got = layer_relevance(*device, shape, rule, data, !signed_inputs);
      const auto expected = reference::relevance(choice, dialect, layer, doubled(data.x), doubled(data.r),
                                                 spread(data.low, shape.input()), spread(data.high, shape.input()));
      double error = 0, size = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        error += std::abs(double(got.relevance[i]) - expected[i]);
        size += std::abs(expected[i]);
      }
      if (layer.connections.size() > 20) {  // a single connection may well have the other sign
        EXPECT_GT(size, 0);
      }
      // If contributions of both signs meet in a denominator they cancel, and rounding grows accordingly.
      const bool cancels = dialect != "zennit" || choice.kind == Kind::lrp_0 || choice.kind == Kind::z_box;
      EXPECT_LE(error, (cancels ? 1e-3 : 3e-5) * size) << error / size;
      EXPECT_LE(std::abs(got.incoming - got.outgoing - got.lost), 1e-5 * (size + std::abs(got.incoming)))
          << "relevance is lost without a trace";
    }
}

TEST(Rules, ConvolutionsAgreeWithTheirFormulas) {
  for (const Conv2dShape& s : {Conv2dShape{1, 1, 7, 5, 3}, Conv2dShape{2, 3, 5, 7, 17}, Conv2dShape{1, 18, 3, 2, 20},
                               Conv2dShape{1, 4, 1, 1, 2}})
    for (const bool signed_inputs : {true, false}) {
      SCOPED_TRACE(fmt::format("{} x {} x {} x {} to {}, {}", s.n, s.c, s.h, s.w, s.k, signed_inputs));
      compare_layer(s, signed_inputs);
    }
}

TEST(Rules, LinearLayersAgreeWithTheirFormulas) {
  for (const LinearShape& s : {LinearShape{1, 7, 3}, LinearShape{3, 33, 18}, LinearShape{1, 1, 1}})
    for (const bool signed_inputs : {true, false}) compare_layer(s, signed_inputs);
}

// Answers worked out by hand from each library's formula; see docs/relevance.md.
std::vector<float> one_neuron(const char* dialect, const RuleChoice& choice, const LayerData& data) {
  const auto device = cpu_device();
  return layer_relevance(*device, LinearShape{1, int(data.x.size()), 1}, make_rule(choice, dialect_named(dialect)),
                         data, false)
      .relevance;
}

void expect_near(const std::vector<float>& got, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(double(got[i]), expected[i], 1e-5 * std::max(1.0, std::abs(expected[i]))) << i;
}

TEST(Rules, DialectsDifferOnBiasThatCancels) {
  const LayerData data{{1, 1}, {1, -1}, {-1}, {-1}, {}, {}};
  const RuleChoice alpha1{.kind = Kind::alpha_beta, .epsilon = {}},
      alpha2{.kind = Kind::alpha_beta, .epsilon = {}, .alpha = 2, .beta = 1};
  expect_near(one_neuron("zennit", alpha1, data), {-1, 0});
  expect_near(one_neuron("innvestigate", alpha1, data), {-1e7, 0});
  expect_near(one_neuron("captum", alpha1, data), {-1e9, 0});
  expect_near(one_neuron("innvestigate", {.kind = Kind::z_plus, .epsilon = {}}, data), {-1, 0});
  expect_near(one_neuron("zennit", alpha2, data), {-2, 0.5});
  expect_near(one_neuron("innvestigate", alpha2, data), {-2e7, 0.5});
}

TEST(Rules, DialectsDifferOnNegativeInputs) {
  const LayerData data{{-1, 2, 0.5F}, {1, -0.5F, 1}, {0.25F}, {1}, {}, {}};
  const RuleChoice z_plus{.kind = Kind::z_plus, .epsilon = {}};
  expect_near(one_neuron("zennit", z_plus, data), {0, 0, 2.0 / 3});
  expect_near(one_neuron("innvestigate", z_plus, data), {0, 0, 1});
  expect_near(one_neuron("captum", z_plus, data), {4, 0, -2});
}

TEST(Rules, NonNegativeInputsHalveTheTerms) {
  const Rule rule =
      make_rule({.kind = Kind::alpha_beta, .epsilon = {}, .alpha = 2, .beta = 1}, dialect_named("zennit"));
  for (const auto& group : rule.groups) {
    EXPECT_EQ(group.terms.size(), 2U);
    EXPECT_EQ(for_non_negative_inputs(group).terms.size(), 1U);
  }
}

TEST(Rules, KnowWhenTheOutputBoundsTheDenominator) {
  const auto group = [](Kind kind, const char* dialect) {
    return make_rule({.kind = kind, .epsilon = {}}, dialect_named(dialect)).groups[0];
  };
  EXPECT_TRUE(bounds_output(group(Kind::z_plus, "zennit"), false));
  EXPECT_TRUE(bounds_output(for_non_negative_inputs(group(Kind::z_plus, "zennit")), true));
  EXPECT_FALSE(bounds_output(for_non_negative_inputs(group(Kind::z_plus, "zennit")), false));  // x- is missing
  EXPECT_TRUE(bounds_output(group(Kind::gamma, "zennit"), false));
  EXPECT_FALSE(bounds_output(group(Kind::z_plus, "innvestigate"), true));  // b+ is missing
  EXPECT_TRUE(bounds_output(group(Kind::z_plus, "captum"), true));
  EXPECT_FALSE(bounds_output(group(Kind::z_plus, "captum"), false));
  EXPECT_FALSE(bounds_output(group(Kind::flat, "zennit"), true));
  EXPECT_FALSE(bounds_output(group(Kind::z_box, "zennit"), true));
  EXPECT_TRUE(is_plain(group(Kind::lrp_0, "zennit")));
  EXPECT_FALSE(is_plain(group(Kind::z_plus, "captum")));
}

TEST(Rules, UnknownNamesAreRefusedWithTheKnownOnes) {
  expect_error("'zplus' is not a known set of relevance rules", [] { composite_named("zplus"); });
  expect_error("'torch' is not a known relevance dialect", [] { dialect_named("torch"); });
  expect_error("captum has no z-box rule",
               [] { make_rule({.kind = Kind::z_box, .epsilon = {}}, dialect_named("captum")); });
  expect_error("innvestigate has no gamma rule",
               [] { make_rule({.kind = Kind::gamma, .epsilon = {}}, dialect_named("innvestigate")); });
  expect_error("do not conserve", [] {
    make_rule({.kind = Kind::alpha_beta, .epsilon = {}, .alpha = 2, .beta = 2}, dialect_named("zennit"));
  });
}

}  // namespace
}  // namespace palimpsest::lrp
