#include "experiments/study/emotion_units.h"

#include <fmt/ranges.h>

#include <charconv>
#include <sstream>

#include "base/error.h"

namespace palimpsest::experiments {

void from_text(const std::string& text, EmotionUnits& value) {
  value = {};
  std::istringstream words(text);
  words >> value.emotion;
  for (int unit = 0; words >> unit;) value.units.push_back(unit);
  if (value.emotion.empty() || value.units.empty() || !words.eof())
    throw Error(fmt::format("'{}' is not an emotion and its action units", text),
                R"(write for instance ["contempt", 14], or happy = [6, 12])");
}
std::string to_text(const EmotionUnits& value) {
  return fmt::format("{} {}", value.emotion, fmt::join(value.units, " "));
}

std::vector<Hypothesis> paper_hypotheses() {
  return {{"contempt", 14}, {"surprise", 5}};
}

void from_text(const std::string& text, Hypothesis& value) {
  const std::size_t space = text.rfind(' ');
  if (space == text.npos || space == 0 || space + 1 == text.size() || text.find_first_not_of("0123456789 ") >= space)
    throw Error(fmt::format("'{}' is not a class and one concept", text), R"(write for instance ["contempt", 14])");
  value = {text.substr(0, space), 0, text.substr(space + 1)};
  const char* const end = value.name.data() + value.name.size();
  if (std::from_chars(value.name.data(), end, value.unit).ptr == end) value.name.clear();
}
std::string to_text(const Hypothesis& value) {
  return fmt::format("{} {}", value.emotion, value.name.empty() ? std::to_string(value.unit) : value.name);
}

}  // namespace palimpsest::experiments
