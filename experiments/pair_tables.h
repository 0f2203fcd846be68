#pragma once
#include <optional>
#include <string>
#include <vector>

#include "analysis/pair_effects.h"

namespace palimpsest::experiments {

inline constexpr const char* every_context = "all";

// The effect of an action unit on a class.
struct PairRow {
  int unit = 0;
  std::string context;  // the emotion of the faces, or every_context
  int c = 0;            // number of the class
  analysis::PairEffect before;
  std::optional<analysis::PairChange> change;  // with a second model
};

// effects.csv, a row for each action unit, context and class:
//   action_unit,context,class,pairs,subjects
//   effect_before         mean log-odds with - without the unit, in standard deviations (analysis/pair_effects.h)
//   to_before,from_before share of pairs in which the unit makes the model decide for, or no longer decide for, the
//   class
// and with a second model the same with _after, and
//   difference            effect_after - effect_before
//   ratio                 effect_after / effect_before; empty where the interval of effect_before includes 0
// Each figure x is followed by x_low and x_high, its 95 % interval, clustered by subject.
std::string pairs_csv(const std::vector<PairRow>& rows, const std::vector<std::string>& classes);

// The same as JSON: a list of objects with these keys, where a figure is {"mean", "low", "high"} or null.
std::string pairs_json(const std::vector<PairRow>& rows, const std::vector<std::string>& classes);

// For people: the effects on faces of every context, a column for each class.
std::string pairs_table(const std::vector<PairRow>& rows, const std::vector<std::string>& classes);

}  // namespace palimpsest::experiments
