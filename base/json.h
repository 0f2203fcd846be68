#pragma once
#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

namespace palimpsest {

// nlohmann's conversions, except that a whole number is never changed: theirs drops the upper bits of 2^40 as an int,
// and converts 1e300, which is undefined. A missing optional value is null.
template <typename T, typename = void>
struct ExactConversion : nlohmann::adl_serializer<T> {};

template <std::integral T>
  requires(!std::same_as<T, bool>)
struct ExactConversion<T, void> {
  template <typename Json>
  static void to_json(Json& json, T value) {
    nlohmann::to_json(json, value);
  }
  template <typename Json>
  static void from_json(const Json& json, T& value) {
    const bool fits = json.is_number_unsigned()
                          ? std::in_range<T>(*json.template get_ptr<const typename Json::number_unsigned_t*>())
                          : json.is_number_integer() &&
                                std::in_range<T>(*json.template get_ptr<const typename Json::number_integer_t*>());
    const std::string given = json.is_number() ? json.dump() : json.type_name();
    if (!fits) throw nlohmann::json::type_error::create(302, "a whole number is expected, not " + given, &json);
    nlohmann::from_json(json, value);
  }
};

template <typename T>
struct ExactConversion<std::optional<T>, void> {
  template <typename Json>
  static void to_json(Json& json, const std::optional<T>& value) {
    json = value ? Json(*value) : Json(nullptr);
  }
  template <typename Json>
  static void from_json(const Json& json, std::optional<T>& value) {
    value = json.is_null() ? std::nullopt : std::optional(json.template get<T>());
  }
};

// For reading files. Its exceptions are nlohmann's.
using Json = nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t, std::uint64_t, double,
                                  std::allocator, ExactConversion>;

// Inside the namespace of a struct: the conversions of its members, as NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE makes them
// for nlohmann::json.
#define PALIMPSEST_JSON(Type, ...)                                             \
  void to_json(Json& nlohmann_json_j, const Type& nlohmann_json_t) {           \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_TO, __VA_ARGS__))   \
  }                                                                            \
  void from_json(const Json& nlohmann_json_j, Type& nlohmann_json_t) {         \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_FROM, __VA_ARGS__)) \
  }

}  // namespace palimpsest
