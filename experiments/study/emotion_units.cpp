#include "experiments/study/emotion_units.h"

#include <fmt/ranges.h>

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
  EmotionUnits units;
  from_text(text, units);
  if (units.units.size() != 1)
    throw Error(fmt::format("'{}' is not an emotion and one action unit", text), R"(write ["contempt", 14])");
  value = {units.emotion, units.units.front()};
}
std::string to_text(const Hypothesis& value) {
  return fmt::format("{} {}", value.emotion, value.unit);
}

}  // namespace palimpsest::experiments
