// Is an action unit still linearly decodable from the last block? Table, the 500 pairs, and which units lose most.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "experiments/report/calibration.h"
#include "experiments/report/csv_files.h"
#include "experiments/report/html.h"
#include "experiments/report/paper.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg_charts.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

std::string row_name(const StudyResults& r, const ConceptRow& row) {
  return escape(unit_name(r.record, row.unit)) + (row.faces == Faces::full ? "" : ", " + faces_name(row.faces));
}

const paper::ConceptFigure* paper_figure(const Wording& say, const ConceptRow& row) {
  if (!say.papers) return nullptr;
  for (const auto& figure : paper::concepts)
    if (row.k == 0 && figure.unit == row.unit && figure.faces == row.faces) return &figure;
  return nullptr;
}

std::string test_cell(double t, double p) {
  return fmt::format("{}<br><span class=\"soft\">{}</span>", fixed(t, 2), p_value(p));
}

std::string change_cell(const std::string& change, const std::string& low, const std::string& high) {
  return fmt::format("{}<br><span class=\"soft\">{} to {}</span>", change, low, high);
}

std::string first_cell(const StudyResults& r, const ConceptRow& row, bool with_model) {
  const std::string where =
      row.faces == Faces::full ? "" : "<br><span class=\"soft\">" + faces_name(row.faces) + "</span>";
  return (with_model ? model_name(row.k) + ", " : "") + escape(unit_name(r.record, row.unit)) + where;
}

using Rows = std::vector<const ConceptRow*>;

std::string auc_table(const StudyResults& r, const Wording& say, const std::string& title, const Rows& rows,
                      bool with_model) {
  const char* const test = say.given ? calibrate::concept_loss_images : calibrate::concept_loss;
  Table table(title,
              {say("{Unit}"), "images", "AUC before", "AUC after", "AUC lost", "t" + calibration_flag(test), "Holm"});
  for (const ConceptRow* row : rows) {
    const analysis::ConceptLoss& auc = row->auc;
    const bool one_run = say.one_run(auc.runs);
    table.row(
        {first_cell(r, *row, with_model), fmt::format("{}", row->positives), fixed(auc.before, 3), fixed(auc.after, 3),
         change_cell(signed_fixed(auc.loss.value, 3), signed_fixed(auc.loss.low, 3),
                     signed_fixed(auc.loss.high, 3) + (one_run ? ", one run" : "")),
         one_run ? "–" : test_cell(auc.loss.test.t, auc.loss.test.p), one_run ? "–" : scientific_number(row->holm)},
        row->holm < 0.05 && !one_run ? "strong" : "");
  }
  return table.empty() ? "" : table.html();
}

std::string f1_table(const StudyResults& r, const Wording& say, const std::string& title, const Rows& rows,
                     bool with_model) {
  Table table(
      title,
      {say("{Unit}"), "F1 before", "F1 after", "change, points" + calibration_flag(calibrate::f1_bootstrap),
       "paired t" + calibration_flag(calibrate::f1_paired), "corrected t" + calibration_flag(calibrate::f1_corrected)});
  for (const ConceptRow* row : rows) {
    table.row({first_cell(r, *row, with_model), percent(row->f1_before, 1), percent(row->f1_after, 1),
               change_cell(points(row->difference, 2), points(row->low, 1), points(row->high, 1)),
               test_cell(row->paired.t, row->paired.p), test_cell(row->corrected.t, row->corrected.p)});
    if (const auto* theirs = paper_figure(say, *row))
      table.row({"the paper’s", percent(theirs->f1_before, 1), percent(theirs->f1_after, 1),
                 points(theirs->f1_after - theirs->f1_before, 2), test_cell(theirs->t, theirs->p), ""},
                "paper");
  }
  return table.empty() ? "" : table.html();
}

// Those of the hypotheses, in the farthest model.
Rows hypothesis_rows(const StudyResults& r) {
  Rows rows;
  for (const Hypothesis& h : r.record.hypotheses)
    for (const Faces faces : {Faces::full, Faces::blank, Faces::stretch, Faces::alone})
      if (const ConceptRow* row = r.concept_of(r.record.farthest(), h.unit, faces)) rows.push_back(row);
  return rows;
}

std::string untested(const StudyResults& r) {
  std::string text;
  for (const Hypothesis& h : r.record.hypotheses)
    if (!r.concept_of(r.record.farthest(), h.unit, Faces::full))
      text += missing(fmt::format("{} ({}) was not tested: too few images show it.",
                                  escape(unit_name(r.record, h.unit)), escape(h.emotion)));
  return text;
}

std::string distributions(const StudyResults& r, const Wording& say) {
  std::string panels;
  const int k = r.record.farthest();
  for (const Hypothesis& h : r.record.hypotheses) {
    const Faces faces = r.concept_of(k, h.unit, Faces::stretch) ? Faces::stretch : Faces::full;  // the paper's
    const auto found = r.repeats.find(concept_step(r.record, h.unit, faces));
    const ConceptRow* row = r.concept_of(k, h.unit, faces);
    if (found == r.repeats.end() || !row || found->second.differences.empty()) continue;
    const auto& values = found->second.differences;
    const auto negative = std::count_if(values.begin(), values.end(), [](double d) { return d < 0; });
    Histogram chart;
    chart.title = row_name(r, *row);
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
                say("Difference of F1 in each random halving of the images, {after} minus {before}. Dashed: no "
                    "difference; solid: the mean. All pairs halve the same images, so they are not independent, and "
                    "their number is not evidence."));
}

// Those that no hypothesis is about.
Rows other_rows(const StudyResults& r, int k) {
  Rows rows;
  for (const ConceptRow& row : r.concepts)
    if (row.k == k && !row.hypothesis) rows.push_back(&row);
  return rows;
}

std::string both_tables(const StudyResults& r, const Wording& say, const std::string& title, const Rows& rows,
                        bool with_model = false) {
  return auc_table(r, say, title, rows, with_model) + f1_table(r, say, title + ": F1", rows, with_model);
}

// What the section does not show at once.
std::string other_tables(const StudyResults& r, const Wording& say) {
  std::string text;
  for (const int k : r.record.models())
    if (k != r.record.before() && (k != r.record.farthest() || !r.record.hypotheses.empty()))
      text = both_tables(r, say,
                         say(r.record.hypotheses.empty() ? "{Before} (before) against {}"
                                                         : "Exploratory: {before} (before) against {}",
                             model_name(k)),
                         other_rows(r, k)) +
             text;
  Rows rows;
  for (const ConceptRow& row : r.concepts)
    if (row.hypothesis && row.k != r.record.farthest()) rows.push_back(&row);
  return text + both_tables(r, say, "The hypotheses, the other models", rows, true);
}

std::string grouped_note(const StudyResults& r) {
  std::string text;
  for (const ConceptRow& row : r.concepts)
    if (row.k == r.record.farthest() && row.hypothesis && row.grouped_difference)
      text += fmt::format("{}{}: {} points{}", text.empty() ? "" : "; ", row_name(r, row),
                          points(*row.grouped_difference, 2),
                          row.grouped_corrected ? ", corrected " + p_value(row.grouped_corrected->p) : "");
  return text.empty() ? "" : paragraph("F1 with each person in only one half: " + text + ".");
}

// Of the hypotheses' tests, or of any.
int repeats_of(const StudyResults& r) {
  const auto row = std::ranges::find_if(r.concepts, &ConceptRow::hypothesis);
  return (row == r.concepts.end() ? r.concepts.front() : *row).repeats;
}

// On how many images, if it was not on all.
std::string papers_images(const ConceptRow& row) {
  if (row.paper_images >= row.images) return "";
  return fmt::format("; on the first {} of the {} images", row.paper_images, row.images);
}

}  // namespace

std::string section_concepts(const StudyResults& r) {
  const Wording say(r.record);
  const std::string title = say("Is the {unit} still in the features?");
  if (r.record.given() && r.record.concepts.empty()) return "";
  if (r.concepts.empty()) return section("concepts", title, missing("The concept tests have not been run."));
  const bool grouped = std::ranges::any_of(r.concepts, [](const ConceptRow& row) { return !row.ungrouped; });
  const bool hypotheses = !r.record.hypotheses.empty();
  const Rows rows = hypotheses ? hypothesis_rows(r) : other_rows(r, r.record.farthest());
  std::string text = paragraph(say(
      "A linear " + term("probe", "probe") +
          " reads {a_unit} from the output of the last convolution block, before ({before}) and after. The images are "
          "halved at random, again and again; a probe trained on one half ranks the other. {} <i>AUC lost</i>: "
          "{before}’s AUC less {}; the variance is " +
          term("nadeau", "Nadeau and Bengio’s") +
          ", which accounts for the repeats sharing their images{}. Holm’s correction is {}.",
      grouped ? "Each person is in one half only." : "The persons are not known, so halves are of images.",
      say.given ? say("{after}’s") : "the runs’ mean", say.given ? "" : ", plus that between runs",
      hypotheses ? say("within the hypotheses and within the other {units} of each model")
                 : say("within all {units}")));
  const std::string between = say("{before} (before) against {after} (after)");
  text += auc_table(r, say, hypotheses ? "The hypotheses, " + between : between, rows, false) + untested(r);
  text += "<h3>The paper’s measure</h3>" +
          paragraph(say("The " + term("f1", "F1") + " of linear " + term("svm", "SVMs") + " in two-fold " +
                            term("crossvalidation", "cross-validation") +
                            ", with a paired t-test over the repeats ({}{}{}), which are not independent. The interval "
                            "of the change is by " +
                            term("bootstrap", "bootstrap") +
                            " over subjects without training again. They are shown because the paper has them.",
                        repeats_of(r), hypotheses ? " for the hypotheses" : "", papers_images(r.concepts.front())));
  text += f1_table(r, say, "F1, " + between, rows, false) + distributions(r, say) + grouped_note(r);
  const std::string others = other_tables(r, say);
  if (!others.empty()) text += details(say("All {units} and models"), others);
  return section("concepts", title, text + data_link(r, "concepts.csv"));
}

namespace {

// Which class, and the second task, each action unit belongs to.
std::string membership_table(const StudyResults& r, const Wording& say, const RankingRow* ranking) {
  std::set<int> all;
  for (const auto& [emotion, units] : r.record.emotion_units) all.insert(units.begin(), units.end());
  all.insert(r.record.pain_units.begin(), r.record.pain_units.end());
  all.insert(r.record.pain_sometimes_units.begin(), r.record.pain_sometimes_units.end());
  std::map<int, double> lost;
  if (ranking)
    for (const auto& unit : ranking->units) lost[unit.number] = unit.auc_lost;
  std::vector<std::string> header{say("{Unit}"), say("{target}")};
  for (const auto& [emotion, units] : r.record.emotion_units) header.push_back(escape(emotion));
  header.emplace_back("AUC lost, " + short_name(r.record.farthest()));
  Table table(say("{Units} by {source} and {target}"), header, header.size() - 1);
  for (const int unit : all) {
    const std::string group = pain_group(r.record, unit);
    std::vector<std::string> cells{escape(unit_name(r.record, unit)),
                                   fmt::format("<span style=\"color:{}\">{}</span>", group_colour(group), group)};
    for (const auto& [emotion, units] : r.record.emotion_units)
      cells.emplace_back(std::ranges::find(units, unit) != units.end() ? "●" : "");
    cells.push_back(lost.contains(unit) ? signed_fixed(lost[unit], 3) : "<span class=\"soft\">not tested</span>");
    table.row(std::move(cells));
  }
  return table.html();
}

std::string loss_bars(const StudyResults& r, const Wording& say, const RankingRow& ranking, bool grouped) {
  auto sorted = ranking.units;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.auc_lost != b.auc_lost ? a.auc_lost > b.auc_lost : a.number < b.number;
  });
  RowBars chart{say("AUC lost from {before} to {after}, by {unit}"), "", say("AUC lost, {before} to {after}"), {}};
  for (const auto& unit : sorted) {
    const std::string name = concept_name(r.record, unit.number);
    chart.rows.push_back({name, grouped ? group_colour(unit.group) : "var(--b3)",
                          fmt::format("{}: {}", unit_name(r.record, unit.number), signed_fixed(unit.auc_lost, 3)),
                          unit.auc_lost, std::pair{unit.low, unit.high}});
    chart.description +=
        fmt::format("{}{} {}. ", name, grouped ? fmt::format(" ({} in {})", unit.group, say.target) : "",
                    signed_fixed(unit.auc_lost, 3));
  }
  const std::string bars = "<div class=\"chart\">" + row_bars(chart) + "</div>";
  if (!grouped) return figure(bars, say("{Units} by what they lose. Below 0: decoded better than before."), "medium");
  return figure(legend({{say("{target} never uses it"), group_colour("never")},
                        {say("sometimes with {target}"), group_colour("sometimes")},
                        {say("core of {target}"), group_colour("core")}}) +
                    bars,
                say("{Units} by what they lose. If fine-tuning forgets what the new task does not need, the ones that "
                    "{target} never uses are at the top. Below 0: decoded better than before."),
                "medium");
}

std::string group_means(const StudyResults& r) {
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
  return means.html();
}

}  // namespace

std::string section_units(const StudyResults& r) {
  const Wording say(r.record);
  const bool grouped = !r.record.pain_units.empty();
  const RankingRow* ranking = r.ranking_of(r.record.farthest());
  if (!grouped && (!ranking || ranking->units.empty())) return "";
  const std::string title = say("Which {units} are lost");
  std::string text;
  if (grouped)
    text = paragraph(say(
               "{Units} by the {sources} they belong to and by how {target} uses them: <i>core</i>, <i>sometimes</i> "
               "seen with it, or <i>never</i>. “AUC lost” is how much worse a linear probe ranks the images by this "
               "{unit} on the features of {after} than on those of {before}; {after} attends less to what is lost{}.",
               say.papers ? " (the paper’s Figure 6)" : "")) +
           membership_table(r, say, ranking);
  if (!ranking || ranking->units.empty())
    return section("units", title, text + missing(say("No {unit} has been tested yet.")));
  text += loss_bars(r, say, *ranking, grouped);
  if (grouped)
    text += group_means(r) + paragraph(say("<i>exact p</i>: the " + term("permutation", "permutation test") +
                                           " of that AUC, one-sided, with the {unit} as the unit."));
  return section("units", title, text + data_link(r, "ranking.csv"));
}

}  // namespace palimpsest::experiments::report
