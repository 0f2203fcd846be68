#include "nn/layers.h"
#include "tests/support/goldens.h"

#include <gtest/gtest.h>
#include <toml++/toml.h>

// The list of the network's layers, and other descriptions of VGG16.
namespace palimpsest::nn {
namespace {

using Kind = Layer::Kind;

TEST(Layers, FollowEachOther) {
  for (const auto& [classes, average] : {std::pair{0, false}, {8, false}, {0, true}, {8, true}}) {
    Architecture a = Architecture::vgg(16, 0.25, 70, {30, 20}, classes);
    a.average = average;
    Shape at{1, 3, 70, 70};
    int parameter = 0;
    for (const Layer& layer : layers_of(a)) {
      EXPECT_EQ(layer.in, at) << layer.name;
      at = layer.out;
      EXPECT_EQ(layer.has_weights(), layer.kind == Kind::convolution || layer.kind == Kind::linear) << layer.name;
      if (!layer.has_weights()) continue;
      EXPECT_EQ(layer.parameter, 2 * parameter++) << layer.name;
      EXPECT_EQ(layer.shape(1).input(), layer.in) << layer.name;
      EXPECT_EQ(layer.shape(1).output(), layer.out) << layer.name;
    }
    EXPECT_EQ(at, (Shape{1, classes == 0 ? a.features() : classes})) << classes;
    EXPECT_EQ(layers_with_weights(a).size(), classes == 0 ? 13U : 16U);
  }
}

TEST(Layers, AreNamedAsInTorchvision) {
  std::string names;
  for (const Layer& layer : layers_of(Architecture{})) names += layer.name + (layer.relu ? "+ " : " ");
  EXPECT_EQ(names,
            "features.0+ features.2+ pool1 features.5+ features.7+ pool2 features.10+ features.12+ features.14+ pool3 "
            "features.17+ features.19+ features.21+ pool4 features.24+ features.26+ features.28+ pool5 flatten "
            "classifier.0+ classifier.3+ classifier.6 ");
}

TEST(Layers, AnAverageStandsInPlaceOfFlattening) {
  Architecture a;
  a.average = true;
  const auto layers = layers_of(a);
  EXPECT_EQ(layers[18].name, "gap");
  EXPECT_EQ(layers[18].in, (Shape{1, 512, 7, 7}));
  EXPECT_EQ(layers[18].out, (Shape{1, 512}));
  EXPECT_EQ(layers[18].in_layout(), Layout::activation);
  EXPECT_EQ(layers[18].out_layout(), Layout::matrix);
  a.classes = 0;
  EXPECT_EQ(layers_of(a).back().name, "flatten");
}

// The shapes of bench/kernel_costs.toml are VGG16's.
TEST(Layers, AreThoseOfTheKernelCosts) {
  const toml::table costs = toml::parse_file((goldens() / "../../bench/kernel_costs.toml").string());
  const auto expect = [&](const char* group, Kind kind, const std::vector<std::pair<const char*, int Shape::*>>& from,
                          const std::vector<std::pair<const char*, int Shape::*>>& to) {
    const toml::array* const shapes = costs["group"][group]["shapes"].as_array();
    ASSERT_TRUE(shapes) << group;
    std::size_t i = 0;
    for (const Layer& layer : layers_of(Architecture{})) {
      if (layer.kind != kind) continue;
      ASSERT_LT(i, shapes->size()) << group;
      const toml::table& shape = *(*shapes)[i++].as_table();
      for (const auto& [key, extent] : from) EXPECT_EQ(shape[key].value<int>(), layer.in.*extent) << layer.name;
      for (const auto& [key, extent] : to) EXPECT_EQ(shape[key].value<int>(), layer.out.*extent) << layer.name;
    }
    EXPECT_EQ(i, shapes->size()) << group;
  };
  expect("convolutions", Kind::convolution, {{"c", &Shape::c}, {"size", &Shape::h}}, {{"k", &Shape::c}});
  expect("poolings", Kind::max_pool, {{"c", &Shape::c}, {"size", &Shape::h}}, {});
  expect("linear", Kind::linear, {{"inputs", &Shape::c}}, {{"outputs", &Shape::c}});
}

}  // namespace
}  // namespace palimpsest::nn
