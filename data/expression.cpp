#include "data/expression.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <vector>

#include "base/class_names.h"
#include "base/csv.h"
#include "data/emotions.h"

namespace palimpsest::data {

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

namespace {
std::vector<std::string> names_of_classes() {
  return {affectnet_classes.begin(), affectnet_classes.end()};
}
}  // namespace

std::optional<int> Expressions::read(std::string_view text) {
  if (int code = 0; whole_number(text, code)) return code;
  text = without_blanks(text);
  auto known = words_.find(text);
  if (known == words_.end()) {
    const std::string word(text);
    known = words_.emplace(word, find_class(word, names_of_classes(), "expression")).first;
  }
  if (known->second < 0) return {};
  ++count_;
  return known->second;
}

std::string Expressions::remark() const {
  if (count_ == 0) return {};
  std::vector<std::string> words;
  for (const auto& [word, code] : words_)
    if (code >= 0) words.push_back(word);
  const auto names = names_of_classes();
  ClassMap map;  // word by word: several words may mean one class
  for (const auto& word : words)
    for (const auto& other : match_classes({word}, names, "expression").other_name) map.other_name.push_back(other);
  const auto others = other_names_text(map);
  return fmt::format("expressions written as words: {}, read as the classes of these names{}", count_,
                     others.empty() ? "" : ": " + others);
}

}  // namespace palimpsest::data
