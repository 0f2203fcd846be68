// The models' performance: the second task (Table 1), each class of the first (Figure 4), McNemar's tests, the
// trade-off (Figure 7).
#include <fmt/format.h>

#include <algorithm>
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

std::vector<Series> model_list(const StudyResults& r) {
  std::vector<Series> series;
  for (const int k : r.record.models()) series.push_back({model_name(k), model_colour(k)});
  return series;
}

bool has_all_models(const StudyResults& r, const std::map<int, Evaluation>& evaluations) {
  return evaluations.size() == r.record.models().size();
}

std::string emotion_figure(const StudyResults& r, const Wording& say) {
  GroupedBars chart;
  chart.title = say("Recall of each {source}");
  chart.y_label = "recall, %";
  chart.groups = r.record.emotions;
  chart.series = model_list(r);
  for (std::size_t e = 0; e < chart.groups.size(); ++e) {
    auto& group = chart.bars.emplace_back();
    chart.description += chart.groups[e] + ":";
    for (const int k : r.record.models()) {
      const analysis::ClassRecall& recall = r.retrained.at(k).recalls.at(e);
      group.push_back({recall.recall, recall.interval.low, recall.interval.high});
      chart.description += fmt::format(" {} {}", short_name(k), percent(recall.recall));
    }
    chart.description += ". ";
  }
  return figure(
      legend(chart.series) + "<div class=\"chart\">" + grouped_bars(chart) + "</div>",
      say("Recall of each {source} by the {}, with " + term("wilson", "Wilson’s") + " 95 % intervals{}.{}",
          say.given ? "linear probes" : "re-trained models",
          say.papers ? " (the paper’s Figure 4, which gives no numbers)" : "",
          say.given ? ""
                    : say(" From left to right in each group more blocks were free to change while the network learned "
                          "{target}.")),
      "wide");
}

// One row for each model; `value` gives a class's figure and `mean` that over all.
template <typename Value, typename Mean>
std::string emotion_table(const StudyResults& r, const std::string& caption, const Value& value, const Mean& mean) {
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
  if (r.emotion) add(Wording(r.record)("{source} model"), *r.emotion, "quiet");
  for (const int k : r.record.models())
    if (const auto found = r.retrained.find(k); found != r.retrained.end()) add(model_name(k), found->second, "");
  return table.html();
}

std::string emotion_tables(const StudyResults& r, const Wording& say) {
  return emotion_table(
             r, say("Recall: of the images of {a_source}, the share predicted as it"),
             [](const Evaluation& e, std::size_t i) { return e.recalls[i].recall; },
             [](const Evaluation& e) { return e.scores.macro.recall; }) +
         paragraph(
             say("A model that predicts {a_source} more often finds more of its images, but is also wrong more often. "
                 "If recall holds but precision falls, the {source} is confused with others.")) +
         emotion_table(
             r, say("Precision: of the images predicted as {a_source}, the share that are"),
             [](const Evaluation& e, std::size_t i) { return e.scores.classes[i].precision; },
             [](const Evaluation& e) { return e.scores.macro.precision; });
}

// Each row is a class, each column what its images are predicted as; the darker, the larger the share of the row.
std::string confusion_table(const StudyResults& r, const Wording& say, int k) {
  const auto found = r.retrained.find(k);
  if (found == r.retrained.end()) return "";
  const analysis::ConfusionMatrix& matrix = found->second.matrix;
  std::vector<std::string> header{say("true {source} \\ predicted as")};
  for (const std::string& emotion : r.record.emotions) header.push_back(escape(emotion));
  Table table(say("Confusions of {}, in images", model_name(k)), header);
  for (int label = 0; label < matrix.classes() && std::size_t(label) < r.record.emotions.size(); ++label) {
    std::vector<std::string> cells{escape(r.record.emotions[std::size_t(label)])};
    for (int predicted = 0; predicted < matrix.classes(); ++predicted) {
      const std::int64_t n = matrix.at(label, predicted);
      const double share = matrix.support(label) > 0 ? double(n) / double(matrix.support(label)) : 0;
      cells.push_back(fmt::format(
          "<span class=\"shade\" style=\"background:color-mix(in srgb, var(--b3) {:.0f}%, transparent)\">{}</span>",
          100 * share, n));
    }
    table.row(std::move(cells));
  }
  return table.html();
}

std::string target_table_of_two(const StudyResults& r, const Wording& say, const std::vector<std::string>& classes) {
  const std::string no = say.papers ? "no" : escape(classes[0]), yes = escape(classes[1]);
  Table table(say("Recognition of {target}"),
              {"Model", "prec. " + no, yes, "mean", "rec. " + no, yes, "mean", "F1 " + no, yes, "mean", "accuracy"});
  for (const int k : r.record.models()) {
    const auto found = r.pain.find(k);
    if (found != r.pain.end() && found->second.scores.classes.size() == 2)
      table.row(pain_cells(k, found->second.scores));
    else
      table.row({model_name(k), "<span class=\"soft\">not yet</span>"});
    if (!say.papers) continue;
    const auto theirs = std::ranges::find(paper::table1, k, &paper::PainRow::k);
    if (theirs != paper::table1.end()) table.row(paper_cells(*theirs), "paper");
  }
  return table.html();
}

std::string target_table_of_many(const StudyResults& r, const Wording& say, const std::vector<std::string>& classes) {
  std::vector<std::string> header{"Model"};
  for (const std::string& name : classes) header.push_back(escape(name));
  header.insert(header.end(), {"mean", "accuracy"});
  Table table(say("Recognition of {target}: recall of each class"), header);
  for (const auto& [k, evaluation] : r.pain) {
    std::vector<std::string> cells{model_name(k)};
    for (const analysis::ClassRecall& recall : evaluation.recalls) cells.push_back(percent(recall.recall, 1));
    cells.push_back(percent(evaluation.scores.macro.recall, 1));
    cells.push_back(percent(evaluation.scores.accuracy, 1));
    table.row(std::move(cells));
  }
  return table.html();
}

}  // namespace

std::string section_pain(const StudyResults& r) {
  const Wording say(r.record);
  if (say.given) return "";
  const std::vector<std::string> classes = target_classes(r.record);
  const std::string title = say("Learning {target}");
  if (r.pain.empty() && !say.papers) return section("target", title, missing("Not evaluated yet."));
  std::string text;
  if (classes.size() > 2) {
    text = paragraph(say("The six {target} models on the test images.")) + target_table_of_many(r, say, classes);
  } else {
    text = paragraph(
        say("The six {target} models on {}. Precision, recall and F1 of each class and their unweighted mean, and "
            "accuracy (<i>prec.</i>: of the images predicted as the class, the share that are; <i>rec.</i>: of the "
            "images of the class, the share predicted as it){}.",
            say.papers ? "the frames of participants they never saw" : "the test images",
            say.papers ? "; in italics the paper’s Table 1, measured on UNBC-McMaster; <i>no</i>: frames without pain"
                       : ""));
    text += target_table_of_two(r, say, classes.empty() ? std::vector<std::string>{"no pain", "pain"} : classes);
    if (!r.pain.empty() && r.pain.begin()->second.recalls.size() > 1)
      text += paragraph(say("{} of which {} show {target}.",
                            count(r.pain.begin()->second.matrix.total(), "test image,", "test images,"),
                            r.pain.begin()->second.recalls[1].support));
  }
  return section("target", title, text);
}

std::string section_emotions(const StudyResults& r) {
  const Wording say(r.record);
  const std::string title = say("Which {sources} are recognised less often");
  if (r.retrained.empty()) return section("recall", title, missing("Not evaluated yet."));
  std::string text = paragraph(
      say.given ? say("Recall of the linear probes: of the test images of {a_source}, the share predicted as it.")
                : say("{A_source} is forgotten if its recall falls from {before} to the others: the new head had the "
                      "same data and training in all six."));
  text += has_all_models(r, r.retrained) ? emotion_figure(r, say) : missing("Not all models have been evaluated yet.");
  text += details("The same as numbers, and precision", emotion_tables(r, say));
  text += details(say("Which {source} is taken for which"),
                  confusion_table(r, say, r.record.before()) + confusion_table(r, say, r.record.farthest()));
  return section("recall", title, text);
}

std::string section_mcnemar(const StudyResults& r) {
  const Wording say(r.record);
  if (r.mcnemar.empty())
    return section("mcnemar", "Could it be chance?", missing("McNemar’s tests have not been run."));
  std::string text = paragraph(say(
      "McNemar’s test compares two models on the images of one {source} that only one of them gets right. "
      "<i>Lost</i>: {before} right, the other wrong; <i>gained</i>: the reverse. If nothing were forgotten, both "
      "would be about equal. The exact p is the two-sided binomial one; Holm’s correction is {}. {}",
      r.record.hypotheses.empty() ? say("within all {sources}")
                                  : say("within the hypotheses’ {sources}, and within the others, of each model"),
      say.given ? say("It tells whether these two networks differ.")
                : say("{}It tells whether these two networks, with these two heads, differ: most of a head’s recall "
                      "is the head’s own (see <a href=\"#null\">Null</a>), and another run of learning {target} "
                      "may lose other images.",
                      say.papers ? "It is the paper’s test. " : "")));
  const auto row_table = [&](int k) {
    std::vector<std::string> header{
        say("{Source}"), "images",         "lost", "gained", "exact p" + calibration_flag(calibrate::class_recall),
        "χ² p",          "corrected χ² p", "Holm"};
    if (say.papers) header.emplace_back("the paper’s p");
    Table table(say("{Before} against {}", model_name(k)), header);
    for (const McNemarRow& row : r.mcnemar) {
      if (row.k != k) continue;
      std::vector<std::string> cells{
          escape(row.emotion) + (row.hypothesis ? " <span class=\"soft\">(hypothesis)</span>" : ""),
          fmt::format("{}", row.images),
          fmt::format("{}", row.test.b),
          fmt::format("{}", row.test.c),
          scientific_number(row.test.exact_p),
          scientific_number(row.test.chi2.p),
          scientific_number(row.test.chi2_corrected.p),
          scientific_number(row.holm)};
      if (say.papers) {
        const auto theirs = std::ranges::find_if(
            paper::mcnemar, [&](const auto& figure) { return k == 0 && row.emotion == figure.emotion; });
        cells.push_back(theirs == paper::mcnemar.end()
                            ? "<span class=\"soft\">–</span>"
                            : "<span class=\"theirs\">" + scientific_number(theirs->p) + "</span>");
      }
      table.row(std::move(cells), row.holm < 0.05 ? "strong" : "");
    }
    return table.html();
  };
  text += row_table(r.record.farthest());
  std::string others;
  for (const int k : r.record.after())
    if (k != r.record.farthest()) others = row_table(k) + others;
  if (!others.empty()) text += details("The other models", others);
  return section("mcnemar", "Could it be chance?", text + data_link(r, "mcnemar.csv"));
}

namespace {

// The model with the largest mean of both recalls: of the second task, and of all classes of the first.
int best_compromise(const StudyResults& r) {
  const auto both = [&](int k) { return target_recall(r.pain.at(k)) + r.retrained.at(k).scores.macro.recall; };
  return std::ranges::max(r.record.models(), {}, both);
}

}  // namespace

std::string section_tradeoff(const StudyResults& r) {
  const Wording say(r.record);
  if (say.given) return "";
  const std::string title = say("{Target} against what is lost");
  if (!has_all_models(r, r.retrained) || !has_all_models(r, r.pain))
    return section("tradeoff", title, missing("Not all models have been evaluated yet."));
  LineChart chart;
  chart.title = "Recall over the six models";
  chart.width = 560;
  chart.height = 300;
  chart.y_label = "recall, %";
  chart.y_percent = true;
  chart.y_range = {0, 1};
  const std::vector<int> models = r.record.models();
  for (const int k : models) chart.x_names.push_back(short_name(k));
  const auto add = [&](const std::string& name, const char* colour, bool dashed, auto&& recall) {
    LineChart::Line line{{name, colour}, {}, dashed, true};
    for (std::size_t i = 0; i < models.size(); ++i) line.points.emplace_back(i, recall(models[i]));
    chart.description +=
        name + " from " + percent(line.points.front().second) + " to " + percent(line.points.back().second) + ". ";
    chart.lines.push_back(std::move(line));
  };
  add(r.record.names.target, "var(--core)", false, [&](int k) { return target_recall(r.pain.at(k)); });
  const std::string all = say("all {sources}");
  add(all, "var(--b5)", true, [&](int k) { return r.retrained.at(k).scores.macro.recall; });
  std::vector<std::string> named;
  const std::vector<const char*> colours{"var(--never)", "var(--b1)", "var(--b3)", "var(--b4)"};
  for (const Hypothesis& h : r.record.hypotheses) {
    const int e = r.emotion_index(h.emotion);
    if (e < 0 || std::ranges::find(named, h.emotion) != named.end()) continue;
    add(h.emotion, colours[named.size() % colours.size()], true,
        [&](int k) { return r.retrained.at(k).recalls.at(std::size_t(e)).recall; });
    named.push_back(h.emotion);
  }
  const auto position = [&](int k) { return double(std::ranges::find(models, k) - models.begin()); };
  const int best = best_compromise(r);
  chart.best = {position(best), target_recall(r.pain.at(best))};
  if (say.papers)
    for (const int k : {3, 2}) chart.rings.emplace_back(position(k), target_recall(r.pain.at(k)));
  std::vector<Series> series;
  for (const auto& line : chart.lines) series.push_back(line.series);
  return section(
      "tradeoff", title,
      figure(legend(series) + "<div class=\"chart\">" + line_chart(chart) + "</div>",
             say("Recall of {target} by the {target} models, of {sources} by the models re-trained from them{}. Boxed: "
                 "{}, the best compromise here (largest mean of the recall of {target} and that of all {sources}).{}",
                 say.papers ? " (the paper’s Figure 7)" : "", model_name(best),
                 say.papers ? " <span class=\"theirs\">Ringed: FreezeB3 and FreezeB2, which the paper found the best "
                              "compromise.</span>"
                            : ""),
             "medium"));
}

}  // namespace palimpsest::experiments::report
