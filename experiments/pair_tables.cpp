#include "experiments/pair_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/csv.h"

namespace palimpsest::experiments {

namespace {

using analysis::MeanInterval;

struct Figure {
  std::string name;
  std::optional<MeanInterval> value;
};

void add(std::vector<Figure>& figures, const analysis::PairEffect& effect, const std::string& when) {
  figures.insert(figures.end(),
                 {{"effect_" + when, effect.effect}, {"to_" + when, effect.to}, {"from_" + when, effect.from}});
}

std::vector<Figure> figures_of(const PairRow& row) {
  std::vector<Figure> figures;
  add(figures, row.before, "before");
  if (!row.change) return figures;
  add(figures, row.change->after, "after");
  figures.insert(figures.end(), {{"difference", row.change->difference}, {"ratio", row.change->ratio}});
  return figures;
}

// "+0.31*" where the interval excludes 0.
std::string effect_text(const MeanInterval& effect) {
  return fmt::format("{:+.2f}{}", effect.mean, effect.low > 0 || effect.high < 0 ? '*' : ' ');
}

}  // namespace

std::string pairs_csv(const std::vector<PairRow>& rows, const std::vector<std::string>& classes) {
  std::string text = "action_unit,context,class,pairs,subjects";
  if (!rows.empty())
    for (const Figure& figure : figures_of(rows.front())) text += fmt::format(",{0},{0}_low,{0}_high", figure.name);
  text += '\n';
  for (const PairRow& row : rows) {
    text += fmt::format("{},{},{},{},{}", row.unit, csv_field(row.context), csv_field(classes.at(std::size_t(row.c))),
                        row.before.pairs, row.before.subjects);
    for (const auto& [name, value] : figures_of(row))
      text += value ? fmt::format(",{:.6g},{:.6g},{:.6g}", value->mean, value->low, value->high) : ",,,";
    text += '\n';
  }
  return text;
}

std::string pairs_json(const std::vector<PairRow>& rows, const std::vector<std::string>& classes) {
  auto json = nlohmann::ordered_json::array();
  for (const PairRow& row : rows) {
    nlohmann::ordered_json one{{"action_unit", row.unit},
                               {"context", row.context},
                               {"class", classes.at(std::size_t(row.c))},
                               {"pairs", row.before.pairs},
                               {"subjects", row.before.subjects}};
    for (const auto& [name, value] : figures_of(row)) {
      one[name] = nullptr;
      if (value) one[name] = {{"mean", value->mean}, {"low", value->low}, {"high", value->high}};
    }
    json.push_back(std::move(one));
  }
  // Classes may be named after folders whose names are not UTF-8.
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string pairs_table(const std::vector<PairRow>& rows, const std::vector<std::string>& classes) {
  constexpr std::size_t most = 12;
  const std::size_t shown = std::min(most, classes.size());
  std::size_t width = 9;
  for (std::size_t c = 0; c < shown; ++c) width = std::max(width, classes[c].size() + 2);
  std::string text =
      "Effect of an action unit on the log-odds of each class, in standard deviations; * outside its noise\n\n";
  text += fmt::format("{:<6}{:>6}  {:<10}", "", "pairs", "");
  for (std::size_t c = 0; c < shown; ++c) text += fmt::format("{:>{}}", classes[c], width);
  text += '\n';
  for (std::size_t first = 0; first < rows.size(); first += classes.size()) {  // a row for each class
    const PairRow& unit = rows[first];
    if (unit.context != every_context) continue;
    const auto line = [&](const std::string& name, const std::string& pairs, const char* what, const auto& figure) {
      text += fmt::format("{:<6}{:>6}  {:<10}", name, pairs, what);
      for (std::size_t c = 0; c < shown; ++c)
        text += fmt::format("{:>{}}", effect_text(figure(rows[first + c])), width);
      text += '\n';
    };
    line(fmt::format("AU{}", unit.unit), fmt::format("{}", unit.before.pairs), unit.change ? "before" : "effect",
         [](const PairRow& row) { return row.before.effect; });
    if (!unit.change) continue;
    line("", "", "after", [](const PairRow& row) { return row.change->after.effect; });
    line("", "", "change", [](const PairRow& row) { return row.change->difference; });
  }
  if (shown < classes.size()) text += fmt::format("The first {} of {} classes.\n", shown, classes.size());
  return text;
}

}  // namespace palimpsest::experiments
