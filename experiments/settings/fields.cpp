#include "experiments/settings/fields.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace palimpsest {

namespace {

std::string bounds_text(const Field& field) {
  // Those of the type itself are not worth saying.
  const bool low = field.low > -2147483648.0, high = field.high < 2147483647.0;
  if (low && high && !field.above_low && !field.below_high) return fmt::format(" from {} to {}", field.low, field.high);
  std::vector<std::string> parts;
  if (low) parts.push_back(fmt::format("{} {}", field.above_low ? "above" : "of at least", field.low));
  if (high) parts.push_back(fmt::format("{} {}", field.below_high ? "below" : "of at most", field.high));
  return parts.empty() ? "" : fmt::format(" {}", fmt::join(parts, " and "));
}

// One value of the field; the whole text must be one.
bool fits(const Field& field, const std::string& text) {
  const char *const begin = text.data(), *const end = begin + text.size();
  double value = 0;
  if (field.type == FieldType::flag) return text == "true" || text == "false";
  if (field.type == FieldType::integer) {
    std::int64_t whole = 0;
    const auto [stop, code] = std::from_chars(begin, end, whole);
    if (code != std::errc{} || stop != end || whole % field.multiple_of != 0) return false;
    value = double(whole);
  } else if (field.type == FieldType::number) {
    const auto [stop, code] = std::from_chars(begin, end, value);
    if (code != std::errc{} || stop != end || !std::isfinite(value)) return false;
  } else {
    return field.choices.empty() || std::ranges::count(field.choices, text) > 0;
  }
  return (field.above_low ? value > field.low : value >= field.low) &&
         (field.below_high ? value < field.high : value <= field.high);
}

std::string one_kind(const Field& field) {
  if (!field.choices.empty()) return fmt::format("one of {}", fmt::join(field.choices, ", "));
  switch (field.type) {
    case FieldType::flag:
      return "true or false";
    case FieldType::integer:
      return (field.multiple_of > 1 ? fmt::format("a multiple of {}", field.multiple_of) : "a whole number") +
             bounds_text(field);
    case FieldType::number:
      return "a number" + bounds_text(field);
    case FieldType::path:
      return "a path";
    case FieldType::text:
      break;
  }
  return "a text";
}

}  // namespace

std::string Field::kind() const {
  return (list ? "a list, each " : "") + one_kind(*this);
}

std::string Field::text() const {
  return fmt::format("{}", fmt::join(values(), ","));
}

void Field::set(const std::vector<std::string>& texts, const std::string& where) const {
  if (!list && texts.size() != 1)
    throw NotOfItsKind(fmt::format("{} is a list", where), fmt::format("give {}", kind()));
  for (const auto& text : texts) {
    if (!fits(*this, text))
      throw NotOfItsKind(fmt::format("{}: '{}' is not {}", where, text, one_kind(*this)),
                         fmt::format("give {}", kind()));
  }
  try {
    if (check) std::ranges::for_each(texts, check);
    assign(texts);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", where, error.what()), error.remedy());
  }
}

const Field* Fields::find(std::string_view name) const {
  const auto at = std::ranges::find(fields_, name, &Field::name);
  return at == fields_.end() ? nullptr : &*at;
}

Field& Fields::operator[](std::string_view name) {
  const auto at = std::ranges::find(fields_, name, &Field::name);
  PALIMPSEST_REQUIRE(at != fields_.end(), "{}", name);
  return *at;
}

void Fields::check_all() const {
  for (const auto& check : checks_) check();
}

void Fields::append(const Fields& more) {
  fields_.insert(fields_.end(), more.fields_.begin(), more.fields_.end());
}

Fields Fields::only(const std::vector<std::string_view>& names) const {
  Fields some;
  for (const auto& field : fields_)
    if (std::ranges::count(names, field.name) > 0) some.fields_.push_back(field);
  return some;
}

Fields Fields::without(const std::vector<std::string_view>& names) const {
  Fields some;
  for (const auto& field : fields_)
    if (std::ranges::count(names, field.name) == 0) some.fields_.push_back(field);
  return some;
}

}  // namespace palimpsest
