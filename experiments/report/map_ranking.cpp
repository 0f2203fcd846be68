// Which action units the maps themselves suggest as ignored, beside the hypotheses.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/report/calibration.h"
#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

constexpr std::size_t shown_units = 3;

const Hypothesis* hypothesis_about(const StudyResults& r, const std::string& emotion, int unit) {
  const auto at = std::ranges::find(r.record.hypotheses, Hypothesis{emotion, unit});
  return at == r.record.hypotheses.end() ? nullptr : &*at;
}

// The first units of an emotion, and those of hypotheses wherever they are.
void add_rows(Table& table, const StudyResults& r, const MapRanking& ranking) {
  for (std::size_t i = 0; i < ranking.units.size(); ++i) {
    const MapRanking::Unit& unit = ranking.units[i];
    const Hypothesis* const hypothesis = hypothesis_about(r, ranking.emotion, unit.number);
    if ((i >= shown_units && !hypothesis) || unit.clusters < least_subjects) continue;
    table.row({fmt::format("{}, {}", escape(ranking.emotion), escape(unit_name(r.record, unit.number))),
               hypothesis ? origin_of(*hypothesis) : "", fmt::format("{} of {}", i + 1, ranking.units.size()),
               fmt::format("{} of {}", unit.images, ranking.explained), percent(unit.area, 1), percent(unit.before, 1),
               percent(unit.after, 1),
               fmt::format("{} ({} to {})", points(unit.lost.mean), points(unit.lost.low), points(unit.lost.high))},
              hypothesis ? "strong" : "");
  }
}

// Hypotheses about which the maps say nothing.
std::string unranked(const StudyResults& r) {
  std::vector<std::string> names;
  for (const Hypothesis& h : r.record.hypotheses) {
    const MapRanking* const ranking = r.map_ranking_of(r.record.farthest(), h.emotion);
    if (!ranking) continue;
    const auto unit = std::ranges::find(ranking->units, h.unit, &MapRanking::Unit::number);
    const int images = unit == ranking->units.end() ? 0 : unit->images;
    if (unit == ranking->units.end() || unit->clusters < least_subjects)
      names.push_back(fmt::format("{} with {} ({}; {} of {} images)", escape(concept_name(r.record, h.unit)),
                                  escape(h.emotion), origin_of(h), images, ranking->explained));
  }
  return names.empty() ? "" : missing(fmt::format("Too few upright maps to rank {}.", enumerate(names)));
}

}  // namespace

std::string map_ranking(const StudyResults& r) {
  const Wording say(r.record);
  Table table(say("{Units} whose regions lose most relevance from {before} to {after}"),
              {say("{Source}, {unit}"), "hypothesis", "rank", "images", "area", "before", "after",
               "lost, points" + calibration_flag(calibrate::region_loss)},
              2);
  int inverted = 0, subjects = 0;
  for (const std::string& emotion : r.record.emotions)
    if (const MapRanking* ranking = r.map_ranking_of(r.record.farthest(), emotion)) {
      add_rows(table, r, *ranking);
      inverted += ranking->inverted, subjects += ranking->subjects;
    }
  if (r.map_rankings.empty()) return "";
  const std::string title = "<h3>What the maps themselves suggest</h3>";
  if (table.empty())
    return title + missing(say("No {source} has explained images of {} subjects with known regions and upright maps.",
                               least_subjects));
  return title + table.html() + unranked(r) +
         paragraph(say(
             "<span class=\"soft\">Shares of each map’s positive relevance inside the {unit}’s region, {}; "
             "“lost” is the share before minus the share after. The {} highest of each {source}, and the "
             "hypotheses, whose origin is named. 95 % intervals, clustered by {}; they do not allow for the "
             "choice "
             "of the highest out of all.{}</span>",
             r.record.drawn ? "its true area, whether or not the face shows it" : "discs around the face’s landmarks",
             shown_units, subjects > 0 ? "subject" : "image",
             inverted == 0
                 ? ""
                 : fmt::format(" {} left out, with an inverted map.", count(inverted, "image is", "images are"))));
}

}  // namespace palimpsest::experiments::report
