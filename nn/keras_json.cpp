#include "nn/keras_json.h"

#include <algorithm>

namespace palimpsest::nn::keras {

namespace {

constexpr std::size_t longest = 16'000'000;  // bytes; VGG16's own has about 10,000
constexpr int deepest = 100;                 // of nested brackets

int depth_of(std::string_view json) {
  int depth = 0, most = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted && c == '\\')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '[' || c == '{'))
      most = std::max(most, ++depth);
    else if (!quoted && (c == ']' || c == '}'))
      --depth;
  }
  return most;
}

}  // namespace

Json parsed(std::string_view json) {
  return json.size() > longest || depth_of(json) > deepest ? Json()
                                                           : Json::parse(json, nullptr, /*allow_exceptions=*/false);
}

const Json* member(const Json& json, const char* key) {
  const auto at = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && at != json.end() && !at->is_null() ? &*at : nullptr;
}
std::string text(const Json& json, const char* key) {
  const Json* const value = member(json, key);
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

bool all_are(const Json& config, const char* key, double wanted) {
  const Json* const value = member(config, key);
  if (!value) return true;
  const auto equal = [wanted](const Json& number) { return number.is_number() && number.get<double>() == wanted; };
  return value->is_array() ? std::all_of(value->begin(), value->end(), equal) : equal(*value);
}
bool is_or_absent(const Json& config, const char* key, std::string_view wanted) {
  return !member(config, key) || text(config, key) == wanted;
}
bool not_false(const Json& config, const char* key) {
  const Json* const value = member(config, key);
  return !value || (value->is_boolean() && value->get<bool>());
}

double number_of(const Json& json, const char* key, double otherwise) {
  const Json* const value = member(json, key);
  return value && value->is_number() ? value->get<double>() : otherwise;
}

std::string snake_case(std::string_view kind) {
  std::string name;
  for (std::size_t i = 0; i < kind.size(); ++i) {
    const auto upper = [&](std::size_t at) { return at < kind.size() && kind[at] >= 'A' && kind[at] <= 'Z'; };
    const auto lower = [&](std::size_t at) { return at < kind.size() && kind[at] >= 'a' && kind[at] <= 'z'; };
    if (i > 0 && upper(i) && (lower(i - 1) || lower(i + 1)) && kind[i - 1] != '_') name += '_';
    name += upper(i) ? char(kind[i] - 'A' + 'a') : kind[i];
  }
  return name;
}

bool is_plain_relu(const Json& config) {
  return all_are(config, "negative_slope", 0) && all_are(config, "threshold", 0) && !member(config, "max_value");
}

std::string activation_of(const Json& config) {
  const Json* const value = member(config, "activation");
  if (!value) return "linear";
  if (value->is_string()) return value->get<std::string>();
  if (const auto function = text(*value, "config"); !function.empty()) return function;
  const auto kind = text(*value, "class_name");
  const Json* const options = member(*value, "config");
  if (kind == "ReLU") return !options || is_plain_relu(*options) ? "relu" : "ReLU with a limit or slope";
  return kind.empty() ? "an unknown function" : kind;
}

}  // namespace palimpsest::nn::keras
