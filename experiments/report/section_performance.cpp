// The models' performance: pain (Table 1), each emotion (Figure 4), McNemar's tests, the trade-off (Figure 7).
#include <fmt/format.h>

#include "experiments/report/html.h"
#include "experiments/report/paper.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg_charts.h"

namespace palimpsest::experiments::report {

namespace {

std::vector<std::string> pain_cells(int k, const analysis::Scores& s) {
  const auto& no = s.classes[0];
  const auto& pain = s.classes[1];
  const auto cell = [](double value) { return fixed(value, 2); };
  return {model_name(k),   cell(no.precision), cell(pain.precision), cell(s.macro.precision),
          cell(no.recall), cell(pain.recall),  cell(s.macro.recall), cell(no.f1),
          cell(pain.f1),   cell(s.macro.f1),   cell(s.accuracy)};
}

std::vector<std::string> paper_cells(const paper::PainRow& p) {
  std::vector<std::string> cells{"the paper’s"};
  for (const double value : {p.precision_no, p.precision_pain, p.precision_mean, p.recall_no, p.recall_pain,
                             p.recall_mean, p.f1_no, p.f1_pain, p.f1_mean, p.accuracy})
    cells.push_back(fixed(value, 2));
  return cells;
}

std::string model_list() {
  std::vector<Series> series;
  for (int k = most_frozen; k >= 0; --k) series.push_back({model_name(k), model_colour(k)});
  return legend(series);
}

bool has_all_models(const std::map<int, Evaluation>& evaluations) {
  return evaluations.size() == most_frozen + 1;
}

std::string emotion_figure(const StudyResults& r) {
  GroupedBars chart;
  chart.title = "Recall of each emotion by the six re-trained models";
  chart.y_label = "recall, %";
  chart.groups = r.record.emotions;
  for (int k = most_frozen; k >= 0; --k) chart.series.push_back({model_name(k), model_colour(k)});
  for (std::size_t e = 0; e < chart.groups.size(); ++e) {
    auto& group = chart.bars.emplace_back();
    chart.description += chart.groups[e] + ":";
    for (int k = most_frozen; k >= 0; --k) {
      const analysis::ClassRecall& recall = r.retrained.at(k).recalls.at(e);
      group.push_back({recall.recall, recall.interval.low, recall.interval.high});
      chart.description += fmt::format(" B{} {}", k, percent(recall.recall));
    }
    chart.description += ". ";
  }
  return figure(model_list() + "<div class=\"chart\">" + grouped_bars(chart) + "</div>",
                "Recall of each emotion by the re-trained models, with Wilson’s 95 % intervals (the paper’s Figure 4, "
                "which gives no numbers). From left to right in each group more blocks were free to change while "
                "the network learned pain.",
                "wide");
}

// One row for each model; `value` gives an emotion's figure and `mean` that over all.
template <typename Value, typename Mean>
std::string emotion_table(const StudyResults& r, const char* caption, const Value& value, const Mean& mean) {
  std::vector<std::string> header{"Model"};
  for (const std::string& emotion : r.record.emotions) header.push_back(escape(emotion));
  header.emplace_back("mean");
  Table table(caption, header);
  const auto add = [&](const std::string& name, const Evaluation& evaluation, const char* style) {
    std::vector<std::string> cells{name};
    for (std::size_t e = 0; e < evaluation.recalls.size(); ++e) cells.push_back(percent(value(evaluation, e), 1));
    cells.push_back(percent(mean(evaluation), 1));
    table.row(std::move(cells), style);
  };
  if (r.emotion) add("emotion model", *r.emotion, "quiet");
  for (int k = most_frozen; k >= 0; --k)
    if (const auto found = r.retrained.find(k); found != r.retrained.end()) add(model_name(k), found->second, "");
  return table.html();
}

std::string emotion_tables(const StudyResults& r) {
  return emotion_table(
             r, "Recall: of the images of an emotion, the share predicted as it",
             [](const Evaluation& e, std::size_t i) { return e.recalls[i].recall; },
             [](const Evaluation& e) { return e.scores.macro.recall; }) +
         paragraph(
             "A model that predicts an emotion more often finds more of its images, but is also wrong more often. "
             "If recall holds but precision falls, the emotion is confused with others.") +
         emotion_table(
             r, "Precision: of the images predicted as an emotion, the share that are",
             [](const Evaluation& e, std::size_t i) { return e.scores.classes[i].precision; },
             [](const Evaluation& e) { return e.scores.macro.precision; });
}

}  // namespace

std::string section_pain(const StudyResults& r) {
  std::string text = paragraph(
      "The six pain models on the frames of participants they never saw. Precision, recall and F1 of each class and "
      "their unweighted mean, and accuracy (<i>no</i>: frames without pain; <i>prec.</i>: of the frames predicted as "
      "the class, the "
      "share that are; "
      "<i>rec.</i>: of the frames of the class, the share predicted as it); in italics the paper’s Table 1, measured "
      "on "
      "UNBC-McMaster.");
  Table table("Pain recognition",
              {"Model", "prec. no", "pain", "mean", "rec. no", "pain", "mean", "F1 no", "pain", "mean", "accuracy"});
  for (const auto& p : paper::table1) {
    const auto found = r.pain.find(p.k);
    if (found != r.pain.end() && found->second.scores.classes.size() == 2)
      table.row(pain_cells(p.k, found->second.scores));
    else
      table.row({model_name(p.k), "<span class=\"soft\">not yet</span>"});
    table.row(paper_cells(p), "paper");
  }
  text += table.html();
  if (!r.pain.empty())
    text += paragraph(fmt::format("{} of which {} show pain.",
                                  count(r.pain.begin()->second.images, "test frame,", "test frames,"),
                                  r.pain.begin()->second.recalls[1].support));
  return section("pain", "Learning pain", text);
}

std::string section_emotions(const StudyResults& r) {
  if (r.retrained.empty()) return section("emotions", "Which emotions are lost", missing("Not evaluated yet."));
  std::string text = paragraph(
      "An emotion is forgotten if its recall falls from FreezeB5 to the others: the new "
      "head had the same data and training in all six.");
  text += has_all_models(r.retrained) ? emotion_figure(r)
                                      : missing("Not all six re-trained models have been evaluated yet.");
  return section("emotions", "Which emotions are lost",
                 text + details("The same as numbers, and precision", emotion_tables(r)));
}

std::string section_mcnemar(const StudyResults& r) {
  if (r.mcnemar.empty())
    return section("mcnemar", "Could it be chance?", missing("McNemar’s tests have not been run."));
  std::string text = paragraph(
      "McNemar’s test compares two models on the images of one emotion that only one of them gets right. <i>Lost</i>: "
      "FreezeB5 right, the other wrong; <i>gained</i>: the reverse. If nothing were forgotten, both would be about "
      "equal. The exact p is the two-sided binomial one; Holm’s correction is within the hypotheses’ emotions, and "
      "within the others, of each model. It is the paper’s test. It tells whether these two networks, with these two "
      "heads, differ: most of a head’s recall is the head’s own (see <a href=\"#null\">Null</a>), and another run of "
      "learning pain may lose other images.");
  const auto row_table = [&](int k) {
    Table table(fmt::format("FreezeB5 against {}", model_name(k)),
                {"Emotion", "images", "lost", "gained", "exact p", "χ² p", "corrected χ² p", "Holm", "the paper’s p"});
    for (const McNemarRow& row : r.mcnemar) {
      if (row.k != k) continue;
      std::string theirs = "<span class=\"soft\">–</span>";
      for (const auto& p : paper::mcnemar)
        if (k == 0 && row.emotion == p.emotion) theirs = "<span class=\"theirs\">" + scientific_number(p.p) + "</span>";
      table.row({escape(row.emotion) + (row.hypothesis ? " <span class=\"soft\">(hypothesis)</span>" : ""),
                 fmt::format("{}", row.images), fmt::format("{}", row.test.b), fmt::format("{}", row.test.c),
                 scientific_number(row.test.exact_p), scientific_number(row.test.chi2.p),
                 scientific_number(row.test.chi2_corrected.p), scientific_number(row.holm), theirs},
                row.holm < 0.05 ? "strong" : "");
    }
    return table.html();
  };
  text += row_table(0);
  std::string others;
  for (int k = 1; k < most_frozen; ++k) others += row_table(k);
  return section("mcnemar", "Could it be chance?", text + details("The other models", others));
}

std::string section_tradeoff(const StudyResults& r) {
  if (!has_all_models(r.retrained) || !has_all_models(r.pain))
    return section("tradeoff", "Pain against what is lost", missing("Not all models have been evaluated yet."));
  LineChart chart;
  chart.title = "Recall over the six models";
  chart.width = 560;
  chart.height = 300;
  chart.y_label = "recall, %";
  chart.y_percent = true;
  chart.y_range = {0, 1};
  for (int k = most_frozen; k >= 0; --k) chart.x_names.push_back(fmt::format("B{}", k));
  const auto add = [&](const std::string& name, const char* colour, auto&& recall) {
    LineChart::Line line{{name, colour}, {}, name != "pain", true};
    for (int k = most_frozen; k >= 0; --k) line.points.emplace_back(most_frozen - k, recall(k));
    chart.description +=
        name + " from " + percent(line.points.front().second) + " to " + percent(line.points.back().second) + ". ";
    chart.lines.push_back(std::move(line));
  };
  add("pain", "var(--core)", [&](int k) { return r.pain.at(k).recalls.at(1).recall; });
  for (const auto& [name, colour] : {std::pair{"surprise", "var(--b1)"}, {"contempt", "var(--never)"}})
    if (const int e = r.emotion_index(name); e >= 0)
      add(name, colour, [&](int k) { return r.retrained.at(k).recalls.at(std::size_t(e)).recall; });
  for (const int k : {3, 2}) chart.rings.emplace_back(most_frozen - k, r.pain.at(k).recalls.at(1).recall);
  std::vector<Series> series;
  series.reserve(chart.lines.size());
  for (const auto& line : chart.lines) series.push_back(line.series);
  return section("tradeoff", "Pain against what is lost",
                 figure(legend(series) + "<div class=\"chart\">" + line_chart(chart) + "</div>",
                        "Recall of pain by the pain models, of surprise and contempt by the models re-trained from "
                        "them (the paper’s Figure 7). <span class=\"theirs\">Ringed: FreezeB3 and FreezeB2, which the "
                        "paper found the best compromise.</span>",
                        "medium"));
}

}  // namespace palimpsest::experiments::report
