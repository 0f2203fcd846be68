#include "nn/pytorch_classes.h"

#include <algorithm>

namespace palimpsest::nn {

namespace {

using Kind = Pickle::Kind;
constexpr std::size_t kMostClasses = 100'000;

}  // namespace

std::optional<std::vector<std::string>> class_names_in(const Pickle& pickle, const Pickle::Value& value) {
  const bool dict = value.kind == Kind::dict;
  const std::size_t count = value.items.size() / (dict ? 2 : 1);
  if ((!dict && value.kind != Kind::list && value.kind != Kind::tuple) || count == 0 || count > kMostClasses)
    return std::nullopt;
  std::vector<std::string> names(count);
  std::vector<char> named(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* name = &pickle.at(value, dict ? 2 * i + 1 : i);
    std::int64_t place = std::int64_t(i);
    if (dict) {
      const auto* index = &pickle.at(value, 2 * i);
      if (name->kind == Kind::integer) std::swap(name, index);
      if (index->kind != Kind::integer) return std::nullopt;
      place = index->number;
    }
    if (name->kind != Kind::text || place < 0 || place >= std::int64_t(count) || named[std::size_t(place)] != 0)
      return std::nullopt;
    named[std::size_t(place)] = 1;
    names[std::size_t(place)] = name->text;
  }
  return names;
}

}  // namespace palimpsest::nn
