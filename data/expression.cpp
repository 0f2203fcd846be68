#include "data/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/csv.h"
#include "base/progress.h"
#include "data/emotions.h"

namespace palimpsest {

bool whole_number(std::string_view text, int& value) {
  text = without_blanks(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) return false;
  if (!(std::abs(number) < 1e9) || number != std::floor(number)) return false;
  value = int(number);
  return true;
}

Expression read_expression(std::string_view text) {
  if (int code = 0; whole_number(text, code)) return {code, false};
  text = without_blanks(text);
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  const auto* const found = std::find_if(affectnet_classes.begin(), affectnet_classes.end(), [&](auto name) {
    return std::equal(name.begin(), name.end(), text.begin(), text.end(), same);
  });
  if (found == affectnet_classes.end()) return {};
  return {int(found - affectnet_classes.begin()), true};
}

void remark_words(const std::string& where, std::int64_t count) {
  if (count > 0)
    remark_once(
        fmt::format("{}: {} expressions are words, which are read as the classes of these names", where, count));
}

}  // namespace palimpsest
