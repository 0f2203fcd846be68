#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "experiments/commands.h"
#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg.h"

namespace palimpsest {

StudyFiles read_study(const fs::path& folder) {
  if (!fs::exists(folder / "study.json"))
    throw Error(fmt::format("{} is not the folder of a study", folder.string()),
                "run palimpsest study CONFIG.toml --out " + folder.string());
  StudyFiles study{folder,
                   read_study_record(folder / "study.json"),
                   read_mcnemar_rows(folder / "mcnemar/mcnemar.json"),
                   read_concept_rows(folder / "concepts/concepts.json"),
                   read_ranking_rows(folder / "ranking/ranking.json"),
                   {},
                   {},
                   {}};
  if (fs::exists(folder / "null/null.json")) study.null = read_null_rows(folder / "null/null.json");
  for (int k = 0; k <= most_frozen; ++k) {
    study.pain.push_back(read_predictions(folder / ("evaluate-" + model_step("pain", k)) / "predictions.csv"));
    study.emotion.push_back(read_predictions(folder / ("evaluate-" + model_step("retrain", k)) / "predictions.csv"));
  }
  return study;
}

namespace {

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  return text;
}

std::string fallen_emotions(const StudyFiles& study) {
  const auto before = recall_per_class(confusion_matrix(study.emotion[most_frozen]));
  const auto after = recall_per_class(confusion_matrix(study.emotion[0]));
  std::vector<std::string> fell;
  std::string unclear;
  for (const auto& row : study.mcnemar) {
    if (row.k != 0) continue;
    const auto e = std::size_t(std::find(study.record.emotions.begin(), study.record.emotions.end(), row.emotion) -
                               study.record.emotions.begin());
    const std::string words =
        fmt::format("{} (recall {} % to {} %, p = {})", escaped(row.emotion), percent(before[e].recall),
                    percent(after[e].recall), p_value(row.test.exact_p));
    if (row.test.b > row.test.c && row.holm < 0.05)
      fell.push_back(words);
    else if (row.hypothesis)
      unclear += fmt::format(
          " For {} the study set out with a hypothesis, but here its recall went from {} % to {} % (p = {}): no clear "
          "loss.",
          escaped(row.emotion), percent(before[e].recall), percent(after[e].recall), p_value(row.test.exact_p));
  }
  if (fell.empty())
    return "<p><strong>No emotion got clearly worse</strong> when every block was fine-tuned for pain." + unclear +
           "</p>";
  return "<p><strong>When every block was fine-tuned for pain, it got worse at " + list_of(fell) + ".</strong>" +
         unclear + "</p>";
}

std::string concept_answer(const StudyFiles& study) {
  std::string text;
  for (const auto& row : study.concepts) {
    if (row.k != 0 || !row.hypothesis) continue;
    const bool lost = row.difference < 0 && row.holm_corrected < 0.05;
    text += fmt::format(" AU{}{}: F1 {} % to {} %, AUC {:.2f} to {:.2f} ({}).", row.unit,
                        row.bottom_cut ? " (bottom cut)" : "", percent(row.f1_before), percent(row.f1_after),
                        row.auc_before, row.auc_after,
                        lost                 ? "clearly less decodable"
                        : row.difference < 0 ? "less decodable, but within what halving the images differently changes"
                                             : "not less decodable");
  }
  return text.empty() ? "<p>No hypothesis about an action unit was tested.</p>"
                      : "<p>Is the suspected action unit still in the features of FreezeB0?" + text + "</p>";
}

std::string ranking_answer(const StudyFiles& study) {
  for (const auto& row : study.ranking)
    if (row.k == 0 && row.auc && row.mean_lost.contains("never") && row.mean_lost.contains("core"))
      return fmt::format(
          "<p>Action units that pain never uses lost {:.3f} AUC on average, those at its core {:.3f}; a unit that pain "
          "never uses lost more than another with probability {:.2f}{}.</p>",
          row.mean_lost.at("never"), row.mean_lost.at("core"), *row.auc,
          *row.auc > 0.6 ? "" : ", so use does not explain the loss here");
  return {};
}

std::vector<Series> curves(const StudyFiles& study, const std::vector<std::string>& steps, const char* key,
                           std::size_t& longest) {
  std::vector<Series> series;
  for (const auto& step : steps) {
    const fs::path file = study.folder / step / "metrics.jsonl";
    if (!fs::exists(file)) continue;
    Series s{step, {}, {}};
    std::istringstream lines_of(read_file(file));
    for (std::string line; std::getline(lines_of, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (!json.is_discarded() && json.contains(key)) s.values.push_back(json[key].get<double>());
    }
    longest = std::max(longest, s.values.size());
    if (!s.values.empty()) series.push_back(s);
  }
  return series;
}

std::string curve_figure(const StudyFiles& study, const std::string& title, const std::vector<std::string>& steps,
                         const char* key) {
  std::size_t longest = 0;
  const auto series = curves(study, steps, key, longest);
  if (series.empty()) return {};
  double most = 0;
  for (const auto& s : series) most = std::max(most, *std::max_element(s.values.begin(), s.values.end()));
  std::vector<std::string> epochs;
  for (std::size_t e = 1; e <= longest; ++e) epochs.push_back(fmt::format("{}", e));
  return lines(title, epochs, series, {key, 0, most * 1.05});
}

}  // namespace

std::string headline(const StudyFiles& study) {
  return "<p class=\"soft\">A network learned eight emotions from faces, then pain; the first <i>k</i> of its five "
         "blocks stayed frozen (FreezeB<i>k</i>). What did it forget?</p>"
         "<div class=\"answer\">" +
         fallen_emotions(study) + concept_answer(study) + ranking_answer(study) + "</div>";
}

std::string training_section(const StudyFiles& study) {
  std::vector<std::string> pain, retrain;
  for (int k = most_frozen; k >= 0; --k) {
    pain.push_back(model_step("pain", k));
    retrain.push_back(model_step("retrain", k));
  }
  return section(
      "training", "Training",
      curve_figure(study, "Emotion model: validation loss by epoch", {"emotion"}, "validation_loss") +
          curve_figure(study, "Emotion model: validation accuracy by epoch", {"emotion"}, "validation_accuracy") +
          curve_figure(study, "Pain models: validation accuracy by epoch", pain, "validation_accuracy") +
          curve_figure(study, "Re-trained heads: validation accuracy by epoch", retrain, "validation_accuracy"));
}

std::string methods_section(const StudyFiles& study) {
  std::vector<std::vector<std::string>> values{{"option", "value"}}, choices{{"choice", "value"}};
  for (const auto& [key, value] : study.record.values) values.push_back({escaped(key), escaped(value)});
  for (const auto& [key, value] : study.record.choices) choices.push_back({escaped(key), escaped(value)});
  std::string warnings;
  for (const auto& warning : study.record.warnings) warnings += "<li>" + escaped(warning) + "</li>";
  return section(
      "methods", "What was run",
      fmt::format("<p>Emotion: {}. Pain: {}. Action units: {}. {}</p>", escaped(study.record.emotion),
                  escaped(study.record.pain), escaped(study.record.concepts),
                  study.record.drawn ? "All faces were drawn by the program." : "") +
          (warnings.empty() ? "" : "<ul>" + warnings + "</ul>") +
          "<ul><li>Figures in italics are the paper&rsquo;s (arXiv 2104.07389), on the real data sets; ours stand "
          "beside them, not against them.</li>"
          "<li>One study is one seed. The seeds of the heads alone already move a recall by what the null shows.</li>"
          "<li>500 halvings of the same frames are not 500 samples: read the corrected test.</li></ul>" +
          table("Every option", values) + table("What was chosen while the data was read", choices));
}

void run_report(const ReportCommand& command) {
  const StudyFiles study = read_study(command.study);
  const std::string body = headline(study) + recall_section(study) + gallery_section(study) + concept_section(study) +
                           units_section(study) + pain_section(study) + trade_off_section(study) +
                           training_section(study) + methods_section(study);
  write_file(command.study / "report.html", page("What did it forget?", body));
}

}  // namespace palimpsest
