#include "experiments/settings/fields.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace palimpsest::experiments {

thread_local FieldListing* FieldListing::innermost = nullptr;

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
    if (code != std::errc{} || stop != end || whole % field.multiple != 0) return false;
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
      return (field.multiple > 1 ? fmt::format("a multiple of {}", field.multiple) : "a whole number") +
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

void Field::set(const std::vector<std::string>& given, const std::string& where) const {
  std::vector<std::string> texts = given;
  if (!as_flag.empty())
    for (auto& text : texts) text = text == "true" ? as_flag : text == "false" ? choices.front() : text;
  if (!list && texts.size() != 1)
    throw NotOfItsKind(fmt::format("{}: {} values where one is needed", where, texts.size()),
                       fmt::format("give {}", kind()));
  for (const auto& text : texts) {
    if (!fits(*this, text))
      throw NotOfItsKind(fmt::format("{}: '{}' is not {}", where, text, one_kind(*this)),
                         fmt::format("give {}", kind()));
  }
  try {
    if (check) std::ranges::for_each(texts, check);
    assign(member, texts);
  } catch (const NotOfItsKind& error) {
    throw NotOfItsKind(fmt::format("{}: {}", where, error.what()), error.remedy());
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", where, error.what()), error.remedy());
  }
}

Fields of_table(Fields fields, std::string_view table) {
  std::erase_if(fields, [&](const Field& f) { return f.table != table; });
  return fields;
}

Fields FieldListing::moved(const void* made, std::size_t bytes, const void* group) const {
  Fields own;
  for (const Field& field : fields) {
    const std::ptrdiff_t offset = static_cast<const char*>(field.member) - static_cast<const char*>(made);
    if (offset < 0 || std::size_t(offset) >= bytes) continue;  // of another struct that was made meanwhile
    own.push_back(field);
    own.back().member = const_cast<char*>(static_cast<const char*>(group)) + offset;
  }
  return own;
}

TableOfListing::TableOfListing(const char* name, std::initializer_list<const char*> without) : without_(without) {
  if (FieldListing* const listing = FieldListing::innermost) {
    outer_ = std::exchange(listing->table, name);
    first_ = listing->fields.size();
  }
}
TableOfListing::~TableOfListing() {
  if (FieldListing* const listing = FieldListing::innermost) {
    listing->table = outer_;
    const auto left_out = [&](const Field& f) {
      return std::ranges::count(without_, f.name) + std::ranges::count(without_, f.group) > 0;
    };
    auto& fields = listing->fields;
    fields.erase(std::remove_if(fields.begin() + std::ptrdiff_t(first_), fields.end(), left_out), fields.end());
  }
}

}  // namespace palimpsest::experiments
