#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace palimpsest::data {

// A whole number as written in lists: "3", "+3", "3.0", with blanks around it. Returns false unless it is one of at
// most nine digits.
bool whole_number(std::string_view text, int& value);

// The expressions of AffectNet's lists, as numbers or as words: the names of affectnet_classes and the other names of
// these emotions (base/class_names.h).
class Expressions {
 public:
  // A class's number, not range-checked; nothing when the text is neither a whole number nor such a name.
  std::optional<int> read(std::string_view text);

  // "expressions written as words: 24, read as ...: Happiness is matched to happy"; empty when all were numbers.
  std::string remark() const;

 private:
  std::map<std::string, int, std::less<>> words_;  // those that occurred, each looked up once; -1: not a class's name
  std::int64_t count_ = 0;
};

}  // namespace palimpsest::data
