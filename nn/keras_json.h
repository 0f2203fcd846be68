#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

// What the JSON of a layer's configuration says, in the spellings of Keras 1 to 3. Nothing here throws.
namespace palimpsest::nn::keras {

using Json = nlohmann::json;

Json parsed(std::string_view json);  // null or discarded: invalid, too long, or nested too deeply

const Json* member(const Json& json, const char* key);  // nothing for null and for what is not an object
std::string text(const Json& json, const char* key);    // empty: no such text
double number_of(const Json& json, const char* key, double otherwise);

// Whether every number of the key equals the wanted one; true without the key, since that is the default.
bool all_are(const Json& config, const char* key, double wanted);
bool is_or_absent(const Json& config, const char* key, std::string_view wanted);
bool not_false(const Json& config, const char* key);

// "BatchNormalization" -> "batch_normalization", "Conv2D" -> "conv2d": Keras 3's rule.
std::string snake_case(std::string_view kind);

// max(x, 0), of a layer ReLU or a function of that class.
bool is_plain_relu(const Json& config);
// "relu", from Keras 1's and 2's word or Keras 3's description of a function.
std::string activation_of(const Json& config);

}  // namespace palimpsest::nn::keras
