#pragma once
#include <string>
#include <vector>

namespace palimpsest::experiments {

// Which action units show an emotion. As text: "happy 6 12".
struct EmotionUnits {
  std::string emotion;
  std::vector<int> units;
  bool operator==(const EmotionUnits&) const = default;
};
void from_text(const std::string& text, EmotionUnits& value);  // throws Error for another text
std::string to_text(const EmotionUnits& value);

// An action unit, or another concept, that pain models are suspected of not seeing in an emotion. As text: "contempt
// 14", "spaniel long_ears".
struct Hypothesis {
  std::string emotion;
  int unit = 0;
  std::string name = {};  // of a concept from a CSV; its number is found when the concepts are read
  bool operator==(const Hypothesis&) const = default;
};
// The two of Prajod et al. (arXiv 2104.07389), which came from looking at the maps of its own networks.
std::vector<Hypothesis> paper_hypotheses();
void from_text(const std::string& text, Hypothesis& value);
std::string to_text(const Hypothesis& value);

}  // namespace palimpsest::experiments
