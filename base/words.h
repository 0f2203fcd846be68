#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest {

// The word that users write for a value of an enumeration. Beside an enumeration E define
//   constexpr auto words(E) { return std::to_array<Word<E>>({{"word", E::value}, ...}); }
template <class E>
struct Word {
  std::string_view text;
  E value;
};

template <class E>
concept Worded = requires(E value) { words(value); };

template <Worded E>
std::vector<std::string> all_words() {
  std::vector<std::string> all;
  for (const auto& word : words(E{})) all.emplace_back(word.text);
  return all;
}

template <Worded E>
std::optional<E> value_of(std::string_view text) {
  for (const auto& word : words(E{}))
    if (word.text == text) return word.value;
  return std::nullopt;
}

template <Worded E>
std::string word_of(E value) {
  for (const auto& word : words(E{}))
    if (word.value == value) return std::string(word.text);
  return "?";
}

}  // namespace palimpsest
