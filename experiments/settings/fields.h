#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/words.h"

// Options are declared once, by the struct that holds them. A member
//   double rate = option(rate, "lr", 0.01, "learning rate", above(0), formerly("rate"));
// states its name, default, help and bounds. fields_of(settings) lists the options of a struct; the command line,
// --help, TOML files, a run's config.toml, the inputs of a study's steps and docs/options.md are derived from that
// list.
namespace palimpsest::experiments {

// The text cannot be read as a value of the option. Any other Error is about a value that can, but is not allowed.
class NotOfItsKind : public Error {
 public:
  using Error::Error;
};

enum class FieldType : std::uint8_t { flag, integer, number, text, path };

// One option of a struct that outlives it. Values are read and written as texts: one, or one for each entry of a list.
struct Field {
  std::string name;                // the long option without dashes, and the key in TOML
  std::string table, group, help;  // TOML's table, and the heading in --help
  FieldType type = FieldType::text;
  bool list = false, optional = false;
  std::vector<std::string> choices;  // the allowed words; empty: any
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool above_low = false, below_high = false;  // the bounds themselves are excluded
  int multiple = 1;
  std::string former_name;  // in files of older versions
  std::string as_flag;      // it was a flag: its word without a value and for `true`; the first is for `false`
  bool needed = false, positional = false;
  bool in_files = true;                         // part of a run's recipe
  bool changes_results = true;                  // an input of a study's steps
  bool names_content = false;                   // a path: the content counts, not its name
  void (*check)(const std::string&) = nullptr;  // throws Error for a text that is not allowed
  void* member = nullptr;
  void (*assign)(void* member, const std::vector<std::string>& texts) = nullptr;
  std::vector<std::string> (*values_of)(const void* member) = nullptr;

  std::string key() const { return table.empty() ? name : table + "." + name; }
  std::vector<std::string> values() const { return values_of(member); }
  std::string text() const;  // the values, separated by commas
  std::string kind() const;  // "a whole number of at least 1"
  // Throws Error, which begins with `where`: NotOfItsKind if a text cannot be read as a value of this field.
  void set(const std::vector<std::string>& texts, const std::string& where) const;
};
using Fields = std::vector<Field>;

Fields of_table(Fields fields, std::string_view table);

// What an option() may state besides.
inline constexpr auto heading = [](const char* group) { return [=](Field& f) { f.group = group; }; };
inline constexpr auto under = [](const char* name) { return [=](Field& f) { f.table = name; }; };
inline constexpr auto at_least = [](double bound) { return [=](Field& f) { f.low = bound; }; };
inline constexpr auto above = [](double bound) { return [=](Field& f) { f.low = bound, f.above_low = true; }; };
inline constexpr auto below = [](double bound) { return [=](Field& f) { f.high = bound, f.below_high = true; }; };
inline constexpr auto between = [](double low, double high) { return [=](Field& f) { f.low = low, f.high = high; }; };
inline constexpr auto multiple_of = [](int number) { return [=](Field& f) { f.multiple = number; }; };
inline constexpr auto formerly = [](const char* name) { return [=](Field& f) { f.former_name = name; }; };
inline constexpr auto checked_by = [](void (*check)(const std::string&)) { return [=](Field& f) { f.check = check; }; };
inline constexpr auto once_a_flag = [](const char* word) { return [=](Field& f) { f.as_flag = word; }; };
inline auto one_of(std::initializer_list<const char*> words) {
  return [=](Field& f) { f.choices.assign(words.begin(), words.end()); };
}
inline constexpr auto required = [](Field& f) { f.needed = true; };
inline constexpr auto argument = [](Field& f) { f.positional = f.needed = true; };  // given without a name
inline constexpr auto names_content = [](Field& f) { f.names_content = true; };
inline constexpr auto without_effect = [](Field& f) { f.changes_results = false; };  // on what is computed
inline constexpr auto of_this_call = [](Field& f) { f.in_files = f.changes_results = false; };

// While one exists, it lists the options of the structs that its thread makes.
class FieldListing {
 public:
  FieldListing() : outer_(innermost) { innermost = this; }
  ~FieldListing() { innermost = outer_; }
  FieldListing(const FieldListing&) = delete;
  FieldListing& operator=(const FieldListing&) = delete;

  static thread_local FieldListing* innermost;
  Fields fields;
  std::string table;

  // The fields of the members of *made, with the members of *group instead.
  Fields moved(const void* made, std::size_t bytes, const void* group) const;

 private:
  FieldListing* outer_;
};

// The options of a struct. Those of a constant one are for reading.
template <class Group>
Fields fields_of(const Group& group) {
  const FieldListing listing;
  const Group made{};
  return listing.moved(&made, sizeof made, &group);
}

// One value from a text that fits its field, and back. Other types have from_text and to_text of their own.
template <class T>
  requires std::is_arithmetic_v<T> || std::same_as<T, std::string> || std::same_as<T, fs::path> || Worded<T>
void from_text(const std::string& text, T& value) {
  if constexpr (std::same_as<T, bool>)
    value = text == "true";
  else if constexpr (std::is_arithmetic_v<T>)
    std::from_chars(text.data(), text.data() + text.size(), value);
  else if constexpr (Worded<T>)
    value = value_of<T>(text).value();
  else
    value = text;
}
template <class T>
  requires std::is_arithmetic_v<T> || std::same_as<T, std::string> || std::same_as<T, fs::path> || Worded<T>
std::string to_text(const T& value) {
  if constexpr (std::is_arithmetic_v<T>)
    return fmt::format("{}", value);  // the shortest that reads back as the same
  else if constexpr (Worded<T>)
    return word_of(value);
  else
    return value;
}

template <class T>
struct Member {  // one value
  using Value = T;
  static void assign(T& member, const std::vector<std::string>& texts) { from_text(texts.at(0), member); }
  static std::vector<std::string> values(const T& member) { return {to_text(member)}; }
};
template <class T>
struct Member<std::optional<T>> {
  using Value = T;
  static void assign(std::optional<T>& member, const std::vector<std::string>& texts) {
    from_text(texts.at(0), member.emplace());
  }
  static std::vector<std::string> values(const std::optional<T>& member) {
    return member ? Member<T>::values(*member) : std::vector<std::string>{};
  }
};
template <class T>
struct Member<std::vector<T>> {
  using Value = T;
  static void assign(std::vector<T>& member, const std::vector<std::string>& texts) {
    member.clear();
    for (const auto& text : texts) from_text(text, member.emplace_back());
  }
  static std::vector<std::string> values(const std::vector<T>& member) {
    std::vector<std::string> texts;
    for (const T& value : member) texts.push_back(to_text(value));
    return texts;
  }
};

template <class T>
Field field_for(T& member, const char* name, const char* help) {
  using Value = Member<T>::Value;
  Field f;
  f.name = name, f.help = help;
  f.list = std::same_as<T, std::vector<Value>>, f.optional = std::same_as<T, std::optional<Value>>;
  if constexpr (Worded<Value>) f.choices = all_words<Value>();
  if constexpr (std::same_as<Value, bool>) {
    f.type = FieldType::flag;
  } else if constexpr (std::integral<Value>) {
    f.type = FieldType::integer;
    // TOML's whole numbers end at 2^63 - 1; this is the largest double below.
    f.low = std::max(double(std::numeric_limits<Value>::min()), -9223372036854774784.0);
    f.high = std::min(double(std::numeric_limits<Value>::max()), 9223372036854774784.0);
  } else if constexpr (std::floating_point<Value>) {
    f.type = FieldType::number;
  } else if constexpr (std::same_as<Value, fs::path>) {
    f.type = FieldType::path;
  }
  f.member = &member;
  f.assign = [](void* at, const auto& texts) { Member<T>::assign(*static_cast<T*>(at), texts); };
  f.values_of = [](const void* at) { return Member<T>::values(*static_cast<const T*>(at)); };
  return f;
}

// The default of the member that it initialises. A heading() holds until the next one.
template <class T, class... Statements>
T option(T& member, const char* name, std::type_identity_t<T> value, const char* help, Statements... statements) {
  if (FieldListing* const listing = FieldListing::innermost) {
    Field f = field_for(member, name, help);
    f.table = listing->table;
    if (!listing->fields.empty()) f.group = listing->fields.back().group;
    (statements(f), ...);
    listing->fields.push_back(std::move(f));
  }
  return value;
}

// A group of settings inside another: a table of its own in TOML, without some of its options, by name or heading.
class TableOfListing {
 public:
  TableOfListing(const char* name, std::initializer_list<const char*> without);
  ~TableOfListing();

 private:
  std::initializer_list<const char*> without_;
  std::string outer_;
  std::size_t first_ = 0;
};
template <class Group>
Group in_table(const char* name, std::initializer_list<const char*> without = {}) {
  const TableOfListing noted(name, without);
  return Group{};
}

}  // namespace palimpsest::experiments
