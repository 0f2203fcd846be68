#include "nn/keras_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace palimpsest::nn {
namespace {

using Json = nlohmann::json;

Json layer(const std::string& kind, const std::string& name, Json config = Json::object()) {
  config["name"] = name;
  return {{"class_name", kind}, {"config", config}};
}
Json convolution(const std::string& name) {
  return layer("Conv2D", name,
               {{"kernel_size", {3, 3}}, {"strides", {1, 1}}, {"padding", "same"}, {"activation", "relu"}});
}
Json dense(const std::string& name, const std::string& activation) {
  return layer("Dense", name, {{"units", 4}, {"activation", activation}, {"use_bias", true}});
}
Json model(const std::string& kind, Json layers) {
  return {{"class_name", kind}, {"config", {{"name", "m"}, {"layers", std::move(layers)}}}};
}

// VGG16 as keras.applications has it, with a head of two layers.
Json vgg16() {
  Json layers = Json::array({layer("InputLayer", "input_1", {{"batch_input_shape", {nullptr, 96, 96, 3}}})});
  const int counts[] = {2, 2, 3, 3, 3};
  for (int block = 1; block <= 5; ++block) {
    for (int i = 1; i <= counts[block - 1]; ++i)
      layers.push_back(convolution("block" + std::to_string(block) + "_conv" + std::to_string(i)));
    layers.push_back(layer("MaxPooling2D", "block" + std::to_string(block) + "_pool",
                           {{"pool_size", {2, 2}}, {"strides", {2, 2}}, {"padding", "valid"}}));
  }
  layers.push_back(layer("Flatten", "flatten", {{"data_format", "channels_last"}}));
  layers.push_back(dense("fc1", "relu"));
  layers.push_back(layer("Dropout", "dropout", {{"rate", 0.5}}));
  layers.push_back(dense("predictions", "softmax"));
  return layers;
}
constexpr std::size_t kFlatten = 19, kFc1 = 20, kPredictions = 22;  // positions above

KerasConfiguration read(const Json& json) {
  return read_keras_configuration(json.dump());
}
std::string objection(const std::function<void(Json&)>& change) {
  Json layers = vgg16();
  change(layers);
  return read(model("Functional", layers)).objection;
}

TEST(KerasConfig, AVgg16IsOne) {
  const auto whole = read(model("Functional", vgg16()));
  EXPECT_EQ(whole.objection, "");
  EXPECT_EQ(whole.side, 96);
  Json layers = vgg16();
  layers[kPredictions]["config"]["activation"] = "linear";
  EXPECT_EQ(read(model("Sequential", layers)).objection, "");
  layers.push_back(layer("Softmax", "softmax"));
  EXPECT_EQ(read(model("Model", layers)).objection, "");
}

TEST(KerasConfig, OneWithoutItsHeadAndOneWithinAModelToo) {
  const Json all = vgg16();
  const Json inner = model("Functional", Json(all.begin(), all.begin() + kFlatten));
  EXPECT_EQ(read(inner).objection, "");
  Json layers = Json::array({inner});
  layers.insert(layers.end(), all.begin() + kFlatten, all.end());
  const auto outer = read(model("Sequential", layers));
  EXPECT_EQ(outer.objection, "");
  EXPECT_EQ(outer.side, 96);
}

TEST(KerasConfig, ReluAsALayerOfItsOwnIsReluToo) {
  EXPECT_EQ(objection([](Json& layers) {
              layers[kFc1]["config"]["activation"] = "linear";
              layers.insert(layers.begin() + kFc1 + 1, layer("Activation", "act", {{"activation", "relu"}}));
            }),
            "");
  EXPECT_EQ(objection([](Json& layers) {  // as Keras 3 writes a function
              layers[kFc1]["config"]["activation"] = {{"class_name", "function"}, {"config", "relu"}};
            }),
            "");
}

TEST(KerasConfig, ReluOfAnotherKindIsNamed) {
  const auto with = [](const Json& options) {
    return objection([&](Json& layers) {  // as Keras 3 writes a layer that serves as a function
      layers[kFc1]["config"]["activation"] = {{"class_name", "ReLU"}, {"config", options}};
    });
  };
  EXPECT_EQ(with({{"max_value", nullptr}, {"negative_slope", 0.0}, {"threshold", 0.0}}), "");
  for (const Json& options : {Json{{"max_value", 6}}, Json{{"negative_slope", 0.1}}, Json{{"threshold", 1}}}) {
    EXPECT_THAT(with(options), testing::HasSubstr("'ReLU with a limit or slope' instead of ReLU"));
    EXPECT_THAT(objection([&](Json& layers) {
                  layers[kFc1]["config"]["activation"] = "linear";
                  layers.insert(layers.begin() + kFc1 + 1, layer("ReLU", "other", options));
                }),
                testing::HasSubstr("the layer 'other' (ReLU)"));
  }
}

TEST(KerasConfig, OtherActivationsAreNamed) {
  const auto with = [](std::size_t at, const char* activation) {
    return objection([&](Json& layers) { layers[at]["config"]["activation"] = activation; });
  };
  EXPECT_THAT(with(kFc1, "tanh"), testing::HasSubstr("'tanh' instead of ReLU before the layer 'predictions'"));
  EXPECT_THAT(with(kFc1, "linear"), testing::HasSubstr("'linear' instead of ReLU"));
  EXPECT_THAT(with(1, "elu"), testing::HasSubstr("'elu' instead of ReLU before the layer 'block1_conv2'"));
  EXPECT_THAT(with(kPredictions, "sigmoid"), testing::HasSubstr("'sigmoid' after the last layer"));
  EXPECT_THAT(with(kPredictions, "relu"), testing::HasSubstr("'relu' after the last layer"));
}

TEST(KerasConfig, OtherLayersAreNamed) {
  const auto with = [](std::size_t at, const char* kind) {
    return objection([&](Json& layers) { layers.insert(layers.begin() + std::ptrdiff_t(at), layer(kind, "other")); });
  };
  for (const char* kind : {"BatchNormalization", "Rescaling", "RandomCrop", "Lambda", "PReLU", "GlobalAveragePooling2D",
                           "GlobalMaxPooling2D", "AveragePooling2D", "TFOpLambda"})
    EXPECT_THAT(with(1, kind), testing::HasSubstr("the layer 'other' (" + std::string(kind) + ")"));
  Json layers = vgg16();
  layers[kFlatten] = layer("GlobalMaxPooling2D", "gmp");
  const auto pooled = read(model("Functional", layers));
  EXPECT_EQ(pooled.objection, "the layer 'gmp' (GlobalMaxPooling2D)");
  EXPECT_TRUE(pooled.objection_in_head);
  layers = vgg16();
  layers.insert(layers.begin() + 1, layer("Rescaling", "rescaling"));
  EXPECT_FALSE(read(model("Functional", layers)).objection_in_head);
}

TEST(KerasConfig, OtherOptionsOfLayersAreNamed) {
  const auto with = [](std::size_t at, const char* key, const Json& value) {
    return objection([&](Json& layers) { layers[at]["config"][key] = value; });
  };
  for (const auto& [key, value] :
       std::initializer_list<std::pair<const char*, Json>>{{"strides", {2, 2}},
                                                           {"padding", "valid"},
                                                           {"kernel_size", {5, 5}},
                                                           {"dilation_rate", {2, 2}},
                                                           {"groups", 2},
                                                           {"data_format", "channels_first"}})
    EXPECT_THAT(with(1, key, value), testing::HasSubstr("'block1_conv1'")) << key;
  EXPECT_THAT(with(3, "pool_size", {3, 3}), testing::HasSubstr("'block1_pool'"));
  EXPECT_THAT(with(3, "strides", {1, 1}), testing::HasSubstr("'block1_pool'"));
  EXPECT_THAT(with(3, "padding", "same"), testing::HasSubstr("'block1_pool'"));
  EXPECT_THAT(with(kFlatten, "data_format", "channels_first"), testing::HasSubstr("'flatten'"));
  EXPECT_THAT(with(0, "batch_input_shape", {nullptr, 3, 96, 96}), testing::HasSubstr("channels first"));
  EXPECT_THAT(with(0, "batch_input_shape", {nullptr, 96, 64, 3}), testing::HasSubstr("not square"));
  EXPECT_THAT(with(0, "batch_input_shape", {nullptr, 96, 96, 1}), testing::HasSubstr("3 channels"));
}

TEST(KerasConfig, GlobalAveragePoolingInPlaceOfFlattening) {
  Json layers = vgg16();
  layers[kFlatten] = layer("GlobalAveragePooling2D", "gap");
  const auto pooled = read(model("Functional", layers));
  EXPECT_EQ(pooled.objection, "");
  EXPECT_TRUE(pooled.average);
  layers[kFlatten]["config"]["keepdims"] = true;
  EXPECT_THAT(read(model("Functional", layers)).objection, testing::HasSubstr("'gap'"));
}

// As in VGG-Face: padding as layers, and convolutions over all places as the head.
TEST(KerasConfig, PaddingAndAHeadOfConvolutions) {
  const auto valid = [](Json layer, int kernel) {
    layer["config"]["padding"] = "valid";
    layer["config"]["kernel_size"] = {kernel, kernel};
    return layer;
  };
  const auto objection = [&](const Json& padding, int first, int second) {
    Json layers = vgg16();
    layers.erase(layers.begin() + kFlatten, layers.end());
    layers[1] = valid(layers[1], 3);
    layers.insert(layers.begin() + 1, layer("ZeroPadding2D", "pad", {{"padding", padding}}));
    layers.push_back(valid(convolution("fc6"), first));
    layers.push_back(valid(convolution("fc8"), second));
    layers.back()["config"]["activation"] = "linear";
    layers.push_back(layer("Flatten", "flatten"));
    layers.push_back(layer("Activation", "softmax", {{"activation", "softmax"}}));
    return read(model("Sequential", layers)).objection;
  };
  for (const Json& one : {Json(1), Json{1, 1}, Json{{1, 1}, {1, 1}}}) EXPECT_EQ(objection(one, 3, 1), "");
  EXPECT_THAT(objection({2, 2}, 3, 1), testing::HasSubstr("'pad'"));
  EXPECT_THAT(objection(1, 2, 1), testing::HasSubstr("'fc6' (Conv2D) with another kernel"));
  EXPECT_THAT(objection(1, 3, 3), testing::HasSubstr("'fc8' (Conv2D) with another kernel"));
  Json layers = vgg16();
  layers.insert(layers.begin() + 1, layer("ZeroPadding2D", "pad"));  // padded twice
  EXPECT_THAT(read(model("Functional", layers)).objection, testing::HasSubstr("'block1_conv1'"));
}

TEST(KerasConfig, LayersWithoutEffectAtPrediction) {
  for (const char* kind : {"RandomFlip", "RandomRotation", "RandomZoom", "Dropout", "GaussianNoise"})
    EXPECT_EQ(objection([&](Json& layers) { layers.insert(layers.begin() + 1, layer(kind, "other")); }), "") << kind;
}

TEST(KerasConfig, LayersWithWeightsInTheirOrder) {
  const Json all = vgg16();
  Json layers = Json::array({model("Functional", Json(all.begin(), all.begin() + kFlatten))});
  layers.insert(layers.end(), all.begin() + kFlatten, all.end());
  layers.back()["config"]["use_bias"] = false;
  const auto found = read(model("Sequential", layers)).layers;
  ASSERT_EQ(found.size(), 15U);
  EXPECT_EQ(found[12].name, "features.28");
  EXPECT_EQ(found[12].place.names, (std::vector<std::string>{"m", "block5_conv3"}));
  EXPECT_EQ(found[12].place.counted, (std::vector<std::string>{"functional", "conv2d_12"}));
  EXPECT_EQ(found[14].name, "classifier.3");
  EXPECT_EQ(found[14].place.counted, std::vector<std::string>{"dense_1"});
  EXPECT_TRUE(found[13].bias);
  EXPECT_FALSE(found[14].bias);
}

TEST(KerasConfig, ASigmoidOfOneOutput) {
  Json layers = vgg16();
  layers[kPredictions]["config"]["activation"] = "sigmoid";
  layers[kPredictions]["config"]["units"] = 1;
  const auto found = read(model("Functional", layers));
  EXPECT_EQ(found.objection, "");
  EXPECT_TRUE(found.sigmoid);
}

// Directly after a layer, or before a fully connected one. The padding of a convolution is not normalised.
TEST(KerasConfig, BatchNormalisationWhereItCanBeFolded) {
  const auto with = [](std::size_t at, const Json& config, const char* activation = "relu") {
    Json layers = vgg16();
    layers[at - 1]["config"]["activation"] = activation;
    layers.insert(layers.begin() + std::ptrdiff_t(at), layer("BatchNormalization", "bn", config));
    if (activation == std::string("linear"))
      layers.insert(layers.begin() + std::ptrdiff_t(at) + 1, layer("ReLU", "relu"));
    return read(model("Functional", layers));
  };
  const auto after = with(2, {{"axis", 3}, {"epsilon", 0.01}, {"scale", false}}, "linear");
  EXPECT_EQ(after.objection, "");
  ASSERT_TRUE(after.layers[0].after);
  EXPECT_EQ(after.layers[0].after->epsilon, 0.01);
  EXPECT_FALSE(after.layers[0].after->scale);
  EXPECT_TRUE(after.layers[0].after->shift);
  const auto before = with(kFc1 + 1, Json::object());
  EXPECT_EQ(before.objection, "");
  ASSERT_TRUE(before.layers[14].before);
  EXPECT_EQ(before.layers[14].before->epsilon, 1e-3);
  EXPECT_EQ(with(kFlatten, {{"axis", {3}}}).objection, "");
  for (const std::size_t at : {2UL, 3UL, 4UL})
    EXPECT_THAT(with(at, Json::object()).objection, testing::HasSubstr("a place where it cannot be folded")) << at;
  EXPECT_THAT(with(2, {{"axis", 1}}, "linear").objection, testing::HasSubstr("another axis"));
  EXPECT_THAT(with(2, {{"epsilon", -1}}, "linear").objection, testing::HasSubstr("epsilon"));
  Json layers = vgg16();
  layers.push_back(layer("BatchNormalization", "bn"));
  EXPECT_EQ(read(model("Functional", layers)).objection,
            "the layer 'bn' (BatchNormalization) with a place where it "
            "cannot be folded into a layer");
}

TEST(KerasConfig, AnotherOrderIsNamed) {
  EXPECT_THAT(objection([](Json& layers) { std::swap(layers[1], layers[2]); }), testing::HasSubstr("'block1_conv2'"));
  EXPECT_THAT(objection([](Json& layers) { layers.erase(1); }), testing::HasSubstr("block1_conv2"));
  EXPECT_THAT(objection([](Json& layers) { layers.erase(3); }), testing::HasSubstr("'block2_conv1'"));
  EXPECT_THAT(objection([](Json& layers) { layers.insert(layers.begin() + 10, convolution("block3_conv4")); }),
              testing::HasSubstr("'block3_conv4'"));
  EXPECT_THAT(objection([](Json& layers) {
                std::swap(layers[kFc1]["config"]["name"], layers[kPredictions]["config"]["name"]);
              }),
              testing::HasSubstr("another place than its name says"));
  EXPECT_THAT(objection([](Json& layers) { layers.erase(kFlatten); }), testing::HasSubstr("'fc1'"));
}

TEST(KerasConfig, BranchesAreNamed) {
  const auto from = [](const std::string& name) {
    return Json::array({Json::array({Json::array({name, 0, 0, Json::object()})})});
  };
  EXPECT_EQ(objection([&](Json& layers) { layers[kFc1]["inbound_nodes"] = from("flatten"); }), "");
  EXPECT_THAT(objection([&](Json& layers) { layers[kPredictions]["inbound_nodes"] = from("flatten"); }),
              testing::HasSubstr("'predictions' (Dense) with an input other than the layer before it"));
  Json two = model("Functional", vgg16());
  two["config"]["output_layers"] = Json::array({Json::array({"a", 0, 0}), Json::array({"b", 0, 0})});
  EXPECT_EQ(read(two).objection, "2 outputs");
}

TEST(KerasConfig, AnythingElseIsAnObjectionAndNoCrash) {
  for (const std::string text :
       {"", "{", "[]", "null", "7", R"({"class_name":"Functional"})", R"({"class_name":7,"config":[]})",
        R"({"class_name":"Sequential","config":{"layers":7}})",
        R"({"class_name":"Sequential","config":{"layers":[7,null,[],{}]}})",
        R"({"class_name":"Sequential","config":[{"class_name":"Conv2D","config":7}]})"})
    EXPECT_NE(read_keras_configuration(text).objection, "") << text;
  EXPECT_NE(read_keras_configuration(std::string(100'000, '[')).objection, "");
  Json deep = model("Sequential", Json::array());
  for (int i = 0; i < 200; ++i) deep = model("Sequential", Json::array({deep}));
  EXPECT_NE(read(deep).objection, "");
  // Any value in any place.
  const std::string whole = model("Functional", vgg16()).dump();
  for (std::size_t at = 0; at < whole.size(); at += 3)
    for (const char c : {'7', '"', '[', '}', ' '}) {
      std::string changed = whole;
      changed[at] = c;
      read_keras_configuration(changed);
    }
}

}  // namespace
}  // namespace palimpsest::nn
