#include "lrp/explain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/npy.h"
#include "nn/weights.h"
#include "tests/support/counting_device.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"

namespace palimpsest::lrp {
namespace {

const fs::path kFolder = goldens() / "lrp";
constexpr int kConvolutions = 13, kLinears = 3;

class Explain : public testing::Test {
 protected:
  Explain()
      : inner_(cpu_device()),
        device_(*inner_),
        network_(nn::load_network(device_, kFolder / "network.safetensors", {32, true})) {
    trace_ = network_->make_trace(2, 0);
    device_.upload(trace_.input(), read_npy(kFolder / "x.npy").floats());
    network_->forward(trace_);
    device_.reset();
  }
  Explainer explainer(const std::string& rules, const std::string& dialect = "zennit") {
    return {*network_, composite_named(rules), dialect_named(dialect)};
  }
  int per_convolution(const std::string& operation, int layer) const {
    return device_.count_layer(operation, layer, kConvolutions);
  }

  std::unique_ptr<Device> inner_;
  CountingDevice device_;
  std::unique_ptr<nn::Network> network_;
  nn::Trace trace_;
};

const Targets kFirst{1, 3}, kSecond{0, 4}, kThird{2, 2};

TEST_F(Explain, SeveralTargetsGiveTheBitsOfSingleOnes) {
  for (const auto& composite : composites()) {
    SCOPED_TRACE(composite.name);
    auto together = explainer(composite.name);
    const auto all = together.explain(trace_, std::vector<Targets>{kFirst, kSecond, kThird});
    ASSERT_EQ(all.maps.size(), 3U);
    std::size_t k = 0;
    for (const Targets& one : {kFirst, kSecond, kThird})
      EXPECT_EQ(explainer(composite.name).explain(trace_, {&one, 1}).maps[0], all.maps[k++]);
    EXPECT_EQ(together.explain(trace_, {&kSecond, 1}).maps[0], all.maps[1]) << "buffers used again";
  }
}

TEST_F(Explain, ForwardPassesAreSharedByTheTargets) {
  auto e = explainer("study");
  e.explain(trace_, std::vector<Targets>{kFirst, kSecond, kThird});
  for (int layer = 0; layer < kConvolutions; ++layer) {
    EXPECT_EQ(per_convolution("conv2d_relevance_denominator", layer), 1) << layer;
    EXPECT_EQ(per_convolution("conv2d_relevance_redistribute", layer), 3) << layer;
    EXPECT_EQ(per_convolution("conv2d_forward", layer), 0) << layer;
  }
  for (int layer = 0; layer < kLinears; ++layer)
    EXPECT_EQ(device_.count_layer("linear_relevance_denominator", layer, kLinears), 1);
}

TEST_F(Explain, MappedWeightsAreMadeOncePerModelAndAgainWhenItChanges) {
  auto e = explainer("study");
  e.explain(trace_, {&kFirst, 1});
  const int made = device_.count("map_weights");
  EXPECT_EQ(made, 2 * kConvolutions + 1);  // w+ and b+ of each, w- of the first
  e.explain(trace_, {&kSecond, 1});
  EXPECT_EQ(device_.count("map_weights"), made);
  const int allocated = device_.count("allocate");
  auto& weight = network_->parameters()[4].value;
  auto values = device_.download(weight);
  for (auto& v : values) v = -v;
  device_.upload(weight, values);
  network_->forward(trace_);
  const auto again = e.explain(trace_, {&kFirst, 1});
  EXPECT_EQ(device_.count("map_weights"), made + 1);
  EXPECT_EQ(device_.count("allocate"), allocated);
  EXPECT_EQ(again.maps, explainer("study").explain(trace_, {&kFirst, 1}).maps);
}

TEST_F(Explain, LedgerAccountsForAllRelevance) {
  for (const auto& dialect : dialect_names())
    for (const auto& composite : composites()) {
      SCOPED_TRACE(dialect + " " + composite.name);
      try {
        const auto got = explainer(composite.name, dialect).explain(trace_, {&kFirst, 1});
        const auto& layers = got.ledger.layers;
        ASSERT_EQ(layers.size(), trace_.layers.size());
        double pixels = 0, size = 0;
        for (const float r : got.maps[0]) pixels += double(r);
        for (const float r : got.maps[0]) size += std::abs(double(r));
        for (std::size_t i = 0; i < layers.size(); ++i) {
          EXPECT_LE(std::abs(layers[i].rounding()), 1e-4 * (std::abs(layers[i].relevance_in) + size))
              << layers[i].layer;
          if (i > 0) {
            EXPECT_EQ(layers[i].relevance_in, layers[i - 1].relevance_out);
          }
        }
        EXPECT_NEAR(got.ledger.pixels(), pixels, 1e-9 * size);
        const auto logits = device_.download(trace_.logits());
        EXPECT_NEAR(got.ledger.logits(), double(logits[1]) + double(logits[5 + 3]), 1e-4);
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("has no"), std::string::npos) << error.what();  // not in that library
      }
    }
}

TEST_F(Explain, WithoutABiasInTheRuleNothingIsLostInConvolutions) {
  const auto got = explainer("flat").explain(trace_, {&kFirst, 1});
  for (const auto& layer : got.ledger.layers) EXPECT_EQ(layer.to_bias, 0) << layer.layer;
  EXPECT_NEAR(got.ledger.pixels(), got.ledger.logits(), 1e-3 * std::abs(got.ledger.logits()));
}

TEST_F(Explain, RelevanceThroughLrp0IsGradientTimesInputPlusBias) {
  // The relevance that LRP-0 gives the pixels and the biases together is the logit.
  const auto got = explainer("z").explain(trace_, {&kFirst, 1});
  double lost = 0, moved = 0;
  for (const auto& layer : got.ledger.layers) {
    lost += layer.to_bias;
    moved += std::abs(layer.to_bias) + std::abs(layer.relevance_in);
  }
  EXPECT_NEAR(got.ledger.pixels() + lost, got.ledger.logits(), 1e-4 * moved);
}

// What the stabiliser takes is counted, as a layer with weights does.
TEST_F(Explain, AnAverageKeepsItsBooks) {
  const auto network = nn::load_network(device_, kFolder / "network.safetensors", {64, true});
  ASSERT_TRUE(network->architecture().average);
  nn::Trace trace = network->make_trace(1, 0);
  device_.upload(trace.input(), read_npy(kFolder / "gap/x.npy").floats());
  network->forward(trace);
  const auto means = device_.download(trace.layers[19].input);  // of classifier.0
  const auto zeros = std::count(means.begin(), means.end(), 0.0F);
  ASSERT_GT(zeros, 0) << "channels that never fire, to which flat gives relevance";
  const Targets target{3};
  const auto gap = [&](const std::string& rules, const Stabiliser& stabiliser) {
    const Rule rule = make_rule(composite_named(rules).linear, dialect_named("zennit"));
    Explainer one(*network, {rule, rule, rule, stabiliser});
    const auto got = one.explain(trace, {&target, 1}).ledger.layers[3];
    EXPECT_EQ(got.layer, "gap");
    EXPECT_EQ(got.rule, "average");
    EXPECT_NEAR(got.rounding(), 0, 1e-5 * std::abs(got.relevance_in));
    return got;
  };
  const auto lost = gap("flat", {});
  EXPECT_NE(lost.to_zero, 0);
  EXPECT_EQ(lost.to_stabiliser, 0);
  EXPECT_EQ(lost.near_zero, double(zeros));
  const auto held = gap("flat", {Stabiliser::Kind::zero_only, 1e-7});
  EXPECT_NEAR(held.to_stabiliser, lost.to_zero, 1e-5 * std::abs(lost.to_zero));
  EXPECT_EQ(held.to_zero, 0);
  EXPECT_NE(gap("epsilon", {Stabiliser::Kind::add_sign, 0.25}).to_stabiliser, 0);
}

TEST_F(Explain, ValuesThatAreNotFiniteAreNamed) {
  auto& weight = network_->parameters()[6].value;
  auto values = device_.download(weight);
  values[3] = std::numeric_limits<float>::quiet_NaN();
  device_.upload(weight, values);
  network_->forward(trace_);
  expect_error("not finite", [&] { explainer("study").explain(trace_, {&kFirst, 1}); });
}

TEST_F(Explain, LedgersOfBatchesAddUp) {
  auto e = explainer("epsilon-plus");
  const auto part = e.explain(trace_, {&kFirst, 1}).ledger;
  Ledger sum;
  sum.add(part);
  sum.add(part);
  for (std::size_t i = 0; i < part.layers.size(); ++i) EXPECT_EQ(sum.layers[i].to_bias, 2 * part.layers[i].to_bias);
}

}  // namespace
}  // namespace palimpsest::lrp
