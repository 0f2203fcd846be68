// Table 1, recalls per emotion, McNemar, the null and the trade-off.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg.h"

namespace palimpsest {

namespace {

// Table 1 of arXiv 2104.07389, rows FreezeB5 to FreezeB0.
constexpr double kPaperTable[6][10]{
    {.92, .87, .90, .99, .54, .76, .95, .66, .81, .92}, {.93, .90, .92, .99, .56, .78, .96, .69, .83, .92},
    {.95, .85, .90, .98, .69, .83, .96, .76, .86, .93}, {.95, .75, .85, .96, .71, .84, .95, .73, .84, .92},
    {.95, .72, .83, .95, .71, .83, .95, .72, .83, .91}, {.95, .72, .83, .95, .71, .83, .95, .71, .83, .91}};

std::string emotion_cell(const McNemarRow& row) {
  return escaped(row.emotion) + (row.hypothesis ? " *" : "");
}

std::string paper_p(const McNemarRow& row) {
  if (row.k != 0) return "";
  if (row.emotion == "surprise") return "<span class=\"paper\">1.56e-04</span>";
  if (row.emotion == "contempt") return "<span class=\"paper\">8.19e-18</span>";
  return "";
}

std::string mcnemar_table(const StudyFiles& study) {
  std::vector<std::vector<std::string>> rows{{"emotion", "FreezeB5 against", "images", "only B5 right", "only Bk right",
                                              "exact p", "chi&sup2; p", "corrected p", "exact p, Holm",
                                              "the paper's p"}};
  for (const auto& row : study.mcnemar) {
    if (row.k != 0 && row.test.exact_p > 0.05) continue;
    rows.push_back({emotion_cell(row), fmt::format("FreezeB{}", row.k), fmt::format("{}", row.images),
                    fmt::format("{}", row.test.b), fmt::format("{}", row.test.c), p_value(row.test.exact_p),
                    p_value(row.test.chi2.p), p_value(row.test.chi2_corrected.p), p_value(row.holm), paper_p(row)});
  }
  return table(
      "McNemar's test on the test images of one emotion. Shown: every emotion for FreezeB0, and whatever is below .05 "
      "for the others. * named by a hypothesis; Holm's adjustment within the hypotheses or within the rest.",
      rows);
}

std::string null_text(const StudyFiles& study) {
  if (study.null.empty()) return "<p class=\"soft\">The study ran without re-training heads from other seeds.</p>";
  std::vector<std::vector<std::string>> rows{
      {"emotion", "FreezeB5: mean", "sd", "lowest", "highest", "FreezeB0: mean", "sd", "lowest", "highest"}};
  for (std::size_t e = 0; e < study.null.front().spreads.size(); ++e) {
    std::vector<std::string> row{escaped(study.null.front().spreads[e].emotion)};
    for (const auto& null : study.null)
      for (const double v : {null.spreads[e].mean, null.spreads[e].sd, null.spreads[e].low, null.spreads[e].high})
        row.push_back(percent(v));
    rows.push_back(row);
  }
  int different = 0, pairs = 0;
  for (const auto& null : study.null)
    for (const auto& pair : null.pairs) {
      ++pairs;
      different += pair.test.exact_p < 0.05 ? 1 : 0;
    }
  return fmt::format(
             "<p>Two heads that were trained on the same features with other seeds differ too. This is how much: "
             "McNemar's exact p is below .05 in {} of {} comparisons of a model with itself.</p>",
             different, pairs) +
         table("Recall in percent over seeds of the head alone", rows);
}

}  // namespace

std::string pain_section(const StudyFiles& study) {
  std::vector<std::vector<std::string>> rows{
      {"model", "precision: no", "pain", "mean", "recall: no", "pain", "mean", "F1: no", "pain", "mean", "accuracy"}};
  for (int k = most_frozen; k >= 0; --k) {
    const Scores s = scores(confusion_matrix(study.pain[std::size_t(k)]));
    std::vector<std::string> row{fmt::format("FreezeB{}", k)},
        paper{fmt::format("<span class=\"paper\">the paper's B{}</span>", k)};
    for (const auto part : {&ClassScores::precision, &ClassScores::recall, &ClassScores::f1})
      for (const ClassScores* c : {&s.classes[0], &s.classes[1], &s.macro})
        row.push_back(fmt::format("{:.2f}", c->*part));
    row.push_back(fmt::format("{:.2f}", s.accuracy));
    for (const double v : kPaperTable[most_frozen - k])
      paper.push_back(fmt::format("<span class=\"paper\">{:.2f}</span>", v));
    rows.push_back(row);
    rows.push_back(paper);
  }
  return section(
      "pain", "How well is pain recognised?",
      fmt::format("<p>FreezeB<i>k</i> learned pain with its first <i>k</i> blocks frozen. Test frames: {}.</p>",
                  study.pain[0].size()) +
          table("The six pain models on the pain test set (the paper's Table 1 in italics)", rows));
}

std::string recall_section(const StudyFiles& study) {
  std::vector<Series> series;
  for (int k = most_frozen; k >= 0; --k) {
    Series s{fmt::format("FreezeB{}", k), {}, {}};
    for (const auto& recall : recall_per_class(confusion_matrix(study.emotion[std::size_t(k)]))) {
      s.values.push_back(recall.recall);
      s.intervals.emplace_back(recall.interval.low, recall.interval.high);
    }
    series.push_back(s);
  }
  std::vector<std::vector<std::string>> rows{{"model"}};
  for (const auto& name : study.record.emotions) rows[0].push_back(escaped(name));
  rows[0].push_back("mean");
  for (const auto& s : series) {
    std::vector<std::string> row{s.name};
    double mean = 0;
    for (const double v : s.values) {
      row.push_back(percent(v));
      mean += v / double(s.values.size());
    }
    row.push_back(percent(mean));
    rows.push_back(row);
  }
  return section("recall", "Which emotions got worse?",
                 "<p>Each pain model's blocks, all frozen, with a new head that learned the eight emotions again. "
                 "FreezeB5 still has the emotion model's own features: it is &ldquo;before&rdquo;.</p>" +
                     grouped_bars("Recall of each emotion, with 95 % Wilson intervals (the paper's Figure 4)",
                                  study.record.emotions, series, {"recall", 0, 1}) +
                     table("Recall in percent", rows) + "<h3>McNemar&rsquo;s test</h3>" + mcnemar_table(study) +
                     "<h3>How much does a model differ from itself?</h3>" + null_text(study));
}

std::string trade_off_section(const StudyFiles& study) {
  const std::vector<std::string> models{"B5", "B4", "B3", "B2", "B1", "B0"};
  Series pain{"pain", {}, {}};
  std::vector<Series> series;
  for (int k = most_frozen; k >= 0; --k)
    pain.values.push_back(recall_per_class(confusion_matrix(study.pain[std::size_t(k)]))[1].recall);
  series.push_back(pain);
  for (const char* name : {"surprise", "contempt"}) {
    const auto at = std::find(study.record.emotions.begin(), study.record.emotions.end(), name);
    if (at == study.record.emotions.end()) continue;
    Series s{name, {}, {}};
    for (int k = most_frozen; k >= 0; --k)
      s.values.push_back(recall_per_class(confusion_matrix(
          study.emotion[std::size_t(k)]))[std::size_t(at - study.record.emotions.begin())]
                             .recall);
    series.push_back(s);
  }
  return section("trade-off", "What does learning pain cost?",
                 lines("Recall of pain by the pain models; of surprise and contempt by the re-trained models (the "
                       "paper's Figure 7; ringed: the paper's best, B3 and B2)",
                       models, series, {"recall", 0, 1}, {2, 3}));
}

}  // namespace palimpsest
