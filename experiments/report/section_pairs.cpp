// What the networks use of an action unit, from pictures with and without it.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/report/csv_files.h"
#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

std::string interval(const UnitEffect::Figure& f) {
  return fmt::format("{}<br><span class=\"soft\">{} to {}</span>", signed_fixed(f.mean, 2), signed_fixed(f.low, 2),
                     signed_fixed(f.high, 2));
}

bool has(const std::vector<int>& units, int unit) {
  return std::find(units.begin(), units.end(), unit) != units.end();
}

// Whether the emotion has the action unit, so that it should be evidence for it.
bool belongs(const StudyResults& r, const UnitEffect& effect) {
  const auto units = r.record.emotion_units.find(effect.emotion);
  return units != r.record.emotion_units.end() && has(units->second, effect.unit);
}

bool is_hypothesis(const StudyResults& r, const UnitEffect& effect) {
  return std::ranges::any_of(r.record.hypotheses,
                             [&](const Hypothesis& h) { return h.unit == effect.unit && h.emotion == effect.emotion; });
}

const char* verdict(const UnitEffect& effect) {
  if (effect.before.low <= 0) return "use before not shown";
  if (effect.difference.high < 0) return "used less";
  if (effect.difference.low > 0) return "used more";
  return "no change shown";
}

std::string table_of(const StudyResults& r, const Wording& say, const std::string& caption, bool hypotheses) {
  Table table(caption, {say("{Source}, {unit}"), "pairs", "effect before", "after", "change", "share left",
                        "decisions before", "after", ""});
  for (const UnitEffect& effect : r.effects) {
    if (!belongs(r, effect) || is_hypothesis(r, effect) != hypotheses) continue;
    table.row({fmt::format("{}, {}", escape(effect.emotion), escape(unit_name(r.record, effect.unit))),
               fmt::format("{}", effect.pairs), interval(effect.before), interval(effect.after),
               interval(effect.difference), effect.ratio ? interval(*effect.ratio) : "–",
               percent(effect.to_before.mean), percent(effect.to_after.mean), verdict(effect)},
              effect.before.low > 0 && effect.difference.high < 0 ? "strong" : "");
  }
  return table.empty() ? "" : table.html();
}

}  // namespace

std::string section_pairs(const StudyResults& r) {
  if (r.effects.empty()) return "";
  const Wording say(r.record);
  const std::string text = paragraph(say(
      "A probe shows what could be read from the features, a relevance map where the network looked. Neither shows "
      "whether the network <i>uses</i> {a_unit}. A pair does: the same picture, once with it and once without. "
      "<i>Effect</i>: how much it raises the log-odds of the {source}, in standard deviations of these log-odds; "
      "<i>decisions</i>: the share of pairs in which it turns the decision to the {source}; <i>share left</i>: the "
      "effect after over that before, where the one before is outside its noise. Intervals of 95 % over persons. They "
      "compare these two networks with these two heads; another run is not in them."));
  return section("pairs", say("Is the {unit} used?"),
                 text + table_of(r, say, say("The hypotheses, {before} (before) and {after} (after)"), true) +
                     details(say("All {units} of each {source}"), table_of(r, say, "The others", false)) +
                     data_link(r, "../pairs/effects.csv"));
}

}  // namespace palimpsest::experiments::report
