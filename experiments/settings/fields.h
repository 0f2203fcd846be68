#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/words.h"

// What an option is, said once. A group of settings is a plain struct, and beside it stands
//   void describe(Fields& fields, Group& group);
// with a line for each member: name, help, bounds. From these lines follow the command line and --help, the TOML files
// of `train` and `study`, a run's config.toml, the inputs that decide whether a study may go on, and docs/options.md.
// A member's default is its value in a struct that was just made.
namespace palimpsest {

// The text cannot be read as a value of the option. Any other Error is about a value that can, but is not allowed.
class NotOfItsKind : public Error {
 public:
  using Error::Error;
};

enum class FieldType : std::uint8_t { flag, integer, number, text, path };

// One member of a struct that outlives it, read and written as texts: one, or as many as a list has.
struct Field {
  std::string name;  // the long option without dashes, and the key in TOML
  std::string group, help;
  FieldType type = FieldType::text;
  bool list = false, optional = false;
  std::vector<std::string> choices;  // the only words allowed; empty: any
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool above_low = false, below_high = false;  // the bounds themselves do not count
  int multiple_of = 1;
  std::vector<std::string> former_names;    // in files of older versions
  bool needed = false, positional = false;  // on the command line
  bool read_first = false;                  // before what stands in files
  bool in_files = true,
       changes_results = true;  // whether it is part of a run's recipe, and of what a result depends on
  bool names_content = false;   // a place, whose content counts and not its name
  std::function<void(const std::string&)> check = {};  // throws Error for a text that is not allowed
  std::function<void(const std::vector<std::string>&)> assign = {};
  std::function<std::vector<std::string>()> values = {};

  Field& at_least(double bound) { return low = bound, *this; }
  Field& above(double bound) { return low = bound, above_low = true, *this; }
  Field& below(double bound) { return high = bound, below_high = true, *this; }
  Field& between(double from, double to) { return low = from, high = to, *this; }
  Field& a_multiple_of(int number) { return multiple_of = number, *this; }
  Field& formerly(std::string older) { return former_names.push_back(std::move(older)), *this; }
  Field& one_of(std::vector<std::string> words) { return choices = std::move(words), *this; }
  Field& checked_by(std::function<void(const std::string&)> f) { return check = std::move(f), *this; }
  Field& required() { return needed = true, *this; }
  Field& argument() { return positional = needed = true, *this; }  // given without a name
  Field& first() { return read_first = true, *this; }
  Field& content() { return names_content = true, *this; }
  Field& without_effect() { return changes_results = false, *this; }  // on what is computed
  Field& of_this_call() { return in_files = changes_results = false, *this; }

  std::string kind() const;  // "a whole number of at least 1"
  std::string text() const;  // the values with commas between them
  // Throws an Error that begins with `where`, which names the option.
  void set(const std::vector<std::string>& texts, const std::string& where) const;
};

// Reading one value, and writing it so that it reads back as the same.
template <class T>
struct FieldValue;

class Fields {
 public:
  std::vector<Field>& all() { return fields_; }
  const std::vector<Field>& all() const { return fields_; }
  const Field* find(std::string_view name) const;
  Field& operator[](std::string_view name);  // requires: it is there

  void group(std::string name) { group_ = std::move(name); }

  template <class T>
  Field& add(const char* name, T& member, std::string help) {
    Field& field = begin<T>(name, std::move(help));
    field.assign = [&member](const std::vector<std::string>& texts) { member = FieldValue<T>::read(texts.at(0)); };
    field.values = [&member] { return std::vector{FieldValue<T>::write(member)}; };
    return field;
  }
  template <class T>
  Field& add(const char* name, std::optional<T>& member, std::string help) {
    Field& field = begin<T>(name, std::move(help));
    field.optional = true;
    field.assign = [&member](const std::vector<std::string>& texts) { member = FieldValue<T>::read(texts.at(0)); };
    field.values = [&member] {
      return member ? std::vector{FieldValue<T>::write(*member)} : std::vector<std::string>{};
    };
    return field;
  }
  template <class T>
  Field& add(const char* name, std::vector<T>& member, std::string help) {
    Field& field = begin<T>(name, std::move(help));
    field.list = true;
    field.assign = [&member](const std::vector<std::string>& texts) {
      member.clear();
      for (const auto& text : texts) member.push_back(FieldValue<T>::read(text));
    };
    field.values = [&member] {
      std::vector<std::string> texts;
      for (const auto& value : member) texts.push_back(FieldValue<T>::write(value));
      return texts;
    };
    return field;
  }

  // What must hold of several members; `check` throws Error.
  void check_together(std::function<void()> check) { checks_.push_back(std::move(check)); }
  void check_all() const;

  // Fields of another list too, or some of this one, without their checks.
  void append(const Fields& more);
  Fields only(const std::vector<std::string_view>& names) const;
  Fields without(const std::vector<std::string_view>& names) const;

 private:
  template <class T>
  Field& begin(const char* name, std::string help) {
    Field& field = fields_.emplace_back();
    field.name = name;
    field.group = group_;
    field.help = std::move(help);
    field.type = FieldValue<T>::type;
    if constexpr (Worded<T>) field.choices = all_words<T>();
    if constexpr (std::integral<T> && !std::same_as<T, bool>) field.between(FieldValue<T>::low, FieldValue<T>::high);
    return field;
  }

  std::vector<Field> fields_;
  std::vector<std::function<void()>> checks_;
  std::string group_;
};

template <class Group>
Fields fields_of(Group& group) {
  Fields fields;
  describe(fields, group);
  return fields;
}

template <>
struct FieldValue<bool> {
  static constexpr FieldType type = FieldType::flag;
  static bool read(const std::string& text) { return text == "true"; }
  static std::string write(bool value) { return value ? "true" : "false"; }
};
template <>
struct FieldValue<std::string> {
  static constexpr FieldType type = FieldType::text;
  static std::string read(const std::string& text) { return text; }
  static std::string write(const std::string& value) { return value; }
};
template <>
struct FieldValue<fs::path> {
  static constexpr FieldType type = FieldType::path;
  static fs::path read(const std::string& text) { return text; }
  static std::string write(const fs::path& value) { return value.string(); }
};
template <Worded E>
struct FieldValue<E> {
  static constexpr FieldType type = FieldType::text;
  static E read(const std::string& text) { return value_of<E>(text).value(); }
  static std::string write(E value) { return word_of(value); }
};
template <std::floating_point T>
struct FieldValue<T> {
  static constexpr FieldType type = FieldType::number;
  static T read(const std::string& text) {
    T value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  static std::string write(T value) { return fmt::format("{}", value); }  // the shortest that reads back as the same
};
template <std::integral T>
struct FieldValue<T> {
  static constexpr FieldType type = FieldType::integer;
  // TOML has no larger whole numbers than 2^63 - 1; this is the largest double below.
  static constexpr double low = std::max(double(std::numeric_limits<T>::min()), -9223372036854774784.0);
  static constexpr double high = std::min(double(std::numeric_limits<T>::max()), 9223372036854774784.0);
  static T read(const std::string& text) {
    T value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  static std::string write(T value) { return fmt::format("{}", value); }
};

}  // namespace palimpsest
