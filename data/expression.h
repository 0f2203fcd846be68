#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace palimpsest {

// A whole number as lists spell it: "3", "+3", "3.0", with blanks around it. Returns false when it is not one of at
// most nine digits.
bool whole_number(std::string_view text, int& value);

// What the expression column of AffectNet's lists says.
struct Expression {
  std::optional<int> code;  // a class's number, not checked; none: neither a whole number nor the name of a class
  bool word = false;        // it is the name of a class, in any case
};

Expression read_expression(std::string_view text);

// Says once that `count` expressions of a list or folder are words, where there are any.
void remark_words(const std::string& where, std::int64_t count);

}  // namespace palimpsest
