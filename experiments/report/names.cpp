#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/report/sections.h"

namespace palimpsest::experiments::report {

namespace {

// Names of Ekman, Friesen and Hager, "Facial Action Coding System" (2002).
std::string action_unit_name(int unit) {
  static const std::map<int, const char*> names{{1, "inner brow raiser"},
                                                {2, "outer brow raiser"},
                                                {4, "brow lowerer"},
                                                {5, "upper lid raiser"},
                                                {6, "cheek raiser"},
                                                {7, "lid tightener"},
                                                {9, "nose wrinkler"},
                                                {10, "upper lip raiser"},
                                                {11, "nasolabial deepener"},
                                                {12, "lip corner puller"},
                                                {13, "sharp lip puller"},
                                                {14, "dimpler"},
                                                {15, "lip corner depressor"},
                                                {16, "lower lip depressor"},
                                                {17, "chin raiser"},
                                                {18, "lip pucker"},
                                                {20, "lip stretcher"},
                                                {21, "neck tightener"},
                                                {22, "lip funneler"},
                                                {23, "lip tightener"},
                                                {24, "lip pressor"},
                                                {25, "lips part"},
                                                {26, "jaw drop"},
                                                {27, "mouth stretch"},
                                                {28, "lip suck"},
                                                {29, "jaw thrust"},
                                                {30, "jaw sideways"},
                                                {31, "jaw clencher"},
                                                {34, "cheek puff"},
                                                {38, "nostril dilator"},
                                                {39, "nostril compressor"},
                                                {43, "eyes closed"},
                                                {45, "blink"}};
  const auto found = names.find(unit);
  return found == names.end() ? fmt::format("AU{}", unit) : fmt::format("AU{} {}", unit, found->second);
}

}  // namespace

std::string model_colour(int k) {
  return fmt::format("var(--b{})", k == given_before ? most_frozen : k == given_after ? 0 : k);
}

std::string group_colour(const std::string& group) {
  return fmt::format("var(--{})", group);
}

std::string origin_of(const Hypothesis& hypothesis) {
  const auto papers = paper_hypotheses();
  return std::ranges::find(papers, hypothesis) != papers.end() ? "the paper’s hypothesis" : "own hypothesis";
}

std::string unit_name(const StudyRecord& record, int unit) {
  const auto known = std::ranges::find(record.units, unit, &StudyRecord::Unit::number);
  return known == record.units.end() || known->name.empty() ? action_unit_name(unit) : known->name;
}

}  // namespace palimpsest::experiments::report
