// Is an action unit still linearly decodable from the last block? Table, the 500 pairs, and which units lose most.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "experiments/report/html.h"
#include "experiments/report/paper.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg_charts.h"

namespace palimpsest::experiments::report {

namespace {

std::string row_name(const ConceptRow& row) {
  return escape(unit_name(row.unit)) + (row.faces == Faces::full ? "" : ", " + faces_name(row.faces));
}

const paper::ConceptFigure* paper_figure(const ConceptRow& row) {
  for (const auto& figure : paper::concepts)
    if (row.k == 0 && figure.unit == row.unit && figure.faces == row.faces) return &figure;
  return nullptr;
}

std::vector<std::string> header() {
  return {"Action unit", "frames",    "AUC before", "AUC after",         "AUC lost",       "t",
          "Holm",        "F1 before", "F1 after",   "F1 change, points", "paired t of F1", "corrected t of F1"};
}

std::string test_cell(double t, double p) {
  return fmt::format("{}<br><span class=\"soft\">{}</span>", fixed(t, 2), p_value(p));
}

void add_row(Table& table, const ConceptRow& row, bool with_model) {
  const std::string where =
      row.faces == Faces::full ? "" : "<br><span class=\"soft\">" + faces_name(row.faces) + "</span>";
  const analysis::ConceptLoss& auc = row.auc;
  table.row(
      {(with_model ? model_name(row.k) + ", " : "") + escape(unit_name(row.unit)) + where,
       fmt::format("{}", row.positives), fixed(auc.before, 3), fixed(auc.after, 3),
       fmt::format("{}<br><span class=\"soft\">{} to {}{}</span>", signed_fixed(auc.loss.value, 3),
                   signed_fixed(auc.loss.low, 3), signed_fixed(auc.loss.high, 3), auc.runs > 1 ? "" : ", one run"),
       test_cell(auc.loss.test.t, auc.loss.test.p), scientific_number(row.holm), percent(row.f1_before, 1),
       percent(row.f1_after, 1),
       fmt::format("{}<br><span class=\"soft\">{} to {}</span>", points(row.difference, 2), points(row.low, 1),
                   points(row.high, 1)),
       test_cell(row.paired.t, row.paired.p), test_cell(row.corrected.t, row.corrected.p)},
      row.holm < 0.05 ? "strong" : "");
  const auto* theirs = paper_figure(row);
  if (!theirs) return;
  table.row({"the paper’s", "", "", "", "", "", "", percent(theirs->f1_before, 1), percent(theirs->f1_after, 1),
             points(theirs->f1_after - theirs->f1_before, 2), test_cell(theirs->t, theirs->p), ""},
            "paper");
}

std::string hypothesis_table(const StudyResults& r) {
  Table table("The hypotheses, FreezeB5 (before) against FreezeB0 (after)", header());
  std::string untested;
  for (const Hypothesis& h : r.record.hypotheses) {
    if (r.concept_of(0, h.unit, Faces::full))
      for (const Faces faces : {Faces::full, Faces::blank, Faces::stretch, Faces::alone}) {
        if (const ConceptRow* row = r.concept_of(0, h.unit, faces)) add_row(table, *row, false);
      }
    else
      untested += missing(fmt::format("{} ({}) was not tested: too few peak frames show it.", escape(unit_name(h.unit)),
                                      escape(h.emotion)));
  }
  return (table.empty() ? "" : table.html()) + untested;
}

std::string distributions(const StudyResults& r) {
  std::string panels;
  for (const Hypothesis& h : r.record.hypotheses) {
    const Faces faces = r.concept_of(0, h.unit, Faces::stretch) ? Faces::stretch : Faces::full;  // the paper's
    const auto found = r.repeats.find(concept_step(h.unit, faces));
    const ConceptRow* row = r.concept_of(0, h.unit, faces);
    if (found == r.repeats.end() || !row || found->second.differences.empty()) continue;
    const auto& values = found->second.differences;
    const auto negative = std::count_if(values.begin(), values.end(), [](double d) { return d < 0; });
    Histogram chart;
    chart.title = row_name(*row);
    chart.description =
        fmt::format("{} of {} pairs are below 0; mean {} points", negative, values.size(), points(row->difference, 2));
    chart.x_label = "F1 after − before, in points";
    chart.x_percent = true;
    chart.colour = "var(--b0)";
    chart.values = values;
    panels += "<div>" + histogram(chart) + "<p class=\"small\">" + chart.description + ".</p>" + "</div>";
  }
  if (panels.empty()) return "";
  return figure("<div class=\"panels\">" + panels + "</div>",
                "Difference of F1 in each random halving of the peak frames, FreezeB0 minus FreezeB5. Dashed: no "
                "difference; solid: the mean. All pairs halve the same frames, so they are not independent, and their "
                "number is not evidence.");
}

std::string all_table(const StudyResults& r) {
  std::string text;
  for (int k = 0; k < most_frozen; ++k) {
    Table table(fmt::format("Exploratory: FreezeB5 (before) against {} (after)", model_name(k)), header());
    for (const ConceptRow& row : r.concepts)
      if (row.k == k && !row.hypothesis) add_row(table, row, false);
    if (!table.empty()) text += table.html();
  }
  Table table("The hypotheses, the other models", header());
  for (const ConceptRow& row : r.concepts)
    if (row.hypothesis && row.k > 0) add_row(table, row, true);
  return text + (table.empty() ? "" : table.html());
}

std::string grouped_note(const StudyResults& r) {
  std::string text;
  for (const ConceptRow& row : r.concepts)
    if (row.k == 0 && row.hypothesis && row.grouped_difference)
      text +=
          fmt::format("{}{}: {} points{}", text.empty() ? "" : "; ", row_name(row), points(*row.grouped_difference, 2),
                      row.grouped_corrected ? ", corrected " + p_value(row.grouped_corrected->p) : "");
  return text.empty() ? "" : paragraph("F1 with each person in only one half: " + text + ".");
}

}  // namespace

std::string section_concepts(const StudyResults& r) {
  const char* title = "Is the action unit still in the features?";
  if (r.concepts.empty()) return section("concepts", title, missing("The concept tests have not been run."));
  const int repeats = r.concepts.front().repeats;
  std::string text = paragraph(fmt::format(
      "A linear SVM decodes an action unit from the output of the last convolution block on CK+ peak frames, before "
      "(FreezeB5) and after. Two-fold cross-validation, repeated with random folds. <i>AUC lost</i>: each person is in "
      "one half only; FreezeB5’s AUC less the runs’ mean; the variance is Nadeau and Bengio’s, which accounts for the "
      "repeats sharing their images, plus that between runs. Holm’s correction is within the hypotheses and within the "
      "other action units of each model."));
  text += paragraph(fmt::format(
      "The paper’s measure is F1 with a paired t-test over the repeats ({} for the hypotheses{}). The repeats are not "
      "independent, so the paired t rejects about every fourth time where nothing differs; the corrected t of F1 "
      "rejects "
      "almost never; the interval of the change, by bootstrap over subjects without training again, is too short. They "
      "are shown because the paper has them.",
      [&] {
        for (const ConceptRow& row : r.concepts)
          if (row.hypothesis) return row.repeats;
        return repeats;
      }(),
      r.concepts.front().paper_images < r.concepts.front().images
          ? fmt::format("; on the first {} of the {} peak frames", r.concepts.front().paper_images,
                        r.concepts.front().images)
          : ""));
  text += hypothesis_table(r) + distributions(r) + grouped_note(r);
  return section("concepts", title, text + details("All action units and models", all_table(r)));
}

std::string section_units(const StudyResults& r) {
  std::string text = paragraph(
      "Action units by the emotions they belong to and by how pain uses them: <i>core</i>, "
      "<i>sometimes</i> seen with it, or <i>never</i>. “AUC lost” is how much worse a linear "
      "SVM ranks the peak frames by this action unit on the features of FreezeB0 than on "
      "those of FreezeB5; B0 attends less to what is lost (the paper’s Figure 6).");
  std::set<int> all;
  for (const auto& [emotion, units] : r.record.emotion_units) all.insert(units.begin(), units.end());
  all.insert(r.record.pain_units.begin(), r.record.pain_units.end());
  all.insert(r.record.pain_sometimes_units.begin(), r.record.pain_sometimes_units.end());
  const RankingRow* ranking = r.ranking_of(0);
  std::map<int, double> lost;
  if (ranking)
    for (const auto& unit : ranking->units) lost[unit.number] = unit.auc_lost;
  std::vector<std::string> header{"Action unit", "pain"};
  for (const auto& [emotion, units] : r.record.emotion_units) header.push_back(escape(emotion));
  header.emplace_back("AUC lost, B0");
  Table table("Action units by emotion and pain", header, header.size() - 1);
  for (const int unit : all) {
    const auto in = [unit](const std::vector<int>& units) {
      return std::find(units.begin(), units.end(), unit) != units.end();
    };
    const std::string group = in(r.record.pain_units)             ? "core"
                              : in(r.record.pain_sometimes_units) ? "sometimes"
                                                                  : "never";
    std::vector<std::string> cells{escape(unit_name(unit)),
                                   fmt::format("<span style=\"color:{}\">{}</span>", group_colour(group), group)};
    for (const auto& [emotion, units] : r.record.emotion_units) cells.emplace_back(in(units) ? "●" : "");
    cells.push_back(lost.contains(unit) ? signed_fixed(lost[unit], 3) : "<span class=\"soft\">not tested</span>");
    table.row(std::move(cells));
  }
  text += table.html();
  if (!ranking || ranking->units.empty())
    return section("units", "Which action units are lost", text + missing("No action unit has been tested yet."));
  auto sorted = ranking->units;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.auc_lost != b.auc_lost ? a.auc_lost > b.auc_lost : a.number < b.number;
  });
  RowBars chart{"AUC lost from FreezeB5 to FreezeB0, by action unit", "", "AUC lost, FreezeB5 to FreezeB0", {}};
  for (const auto& unit : sorted) {
    chart.rows.push_back({fmt::format("AU{}", unit.number), group_colour(unit.group),
                          fmt::format("{}: {}", unit_name(unit.number), signed_fixed(unit.auc_lost, 3)), unit.auc_lost,
                          std::pair{unit.low, unit.high}});
    chart.description += fmt::format("AU{} ({} in pain) {}. ", unit.number, unit.group, signed_fixed(unit.auc_lost, 3));
  }
  text +=
      figure(legend({{"pain never uses it", group_colour("never")},
                     {"sometimes with pain", group_colour("sometimes")},
                     {"core of pain", group_colour("core")}}) +
                 "<div class=\"chart\">" + row_bars(chart) + "</div>",
             "Action units by what they lose. If fine-tuning forgets what the new task does not need, the units that "
             "pain never uses are at the top. Below 0: decoded better than before.",
             "medium");
  Table means("Mean AUC lost in each group, and the AUC with which the loss separates never-used from used units",
              {"Model", "never", "sometimes", "core", "AUC against all", "exact p", "AUC against core", "exact p"});
  for (const RankingRow& row : r.ranking) {
    std::vector<std::string> cells{model_name(row.k)};
    for (const char* group : {"never", "sometimes", "core"})
      cells.push_back(row.mean_lost.contains(group) ? signed_fixed(row.mean_lost.at(group), 3) : "–");
    for (const auto& [auc, p] : {std::pair{row.auc, row.p}, {row.auc_core, row.p_core}}) {
      cells.push_back(auc ? fixed(*auc, 2) : "–");
      cells.push_back(p ? scientific_number(*p) : "–");
    }
    means.row(std::move(cells));
  }
  return section("units", "Which action units are lost", text + means.html());
}

}  // namespace palimpsest::experiments::report
