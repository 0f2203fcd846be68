// `palimpsest report`: one HTML file that needs no network and no script.
#include <fmt/format.h>

#include "experiments/command.h"
#include "experiments/report/html.h"
#include "experiments/report/report.h"
#include "experiments/report/results.h"
#include "experiments/report/sections.h"

namespace palimpsest::experiments {

namespace {

using namespace report;

std::string navigation(const StudyResults& results) {
  std::string items;
  const auto item = [&](const char* id, const char* name) {
    items += fmt::format("<li><a href=\"#{}\">{}</a></li>", id, name);
  };
  item("setup", "What was run");
  item("pain", "Pain");
  item("losses", "Losses");
  item("emotions", "Emotions");
  item("mcnemar", "McNemar");
  item("gallery", "Relevance maps");
  item("concepts", "Concept tests");
  if (!results.effects.empty()) item("pairs", "Pairs");
  item("units", "Action units");
  if (results.record.drawn) item("truth", "Truth");
  item("tradeoff", "Trade-off");
  if (results.mitigation) item("mitigation", "Can it be avoided?");
  item("null", "Null");
  item("training", "Training");
  item("methods", "How to read this");
  return "<nav aria-label=\"Sections\"><ul>" + items + "</ul></nav>\n";
}

}  // namespace

void run_report(const ReportCommand& command) {
  const StudyResults results = load_results(command.study);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>What does a network forget? A palimpsest study</title>\n<style>" +
      style_sheet() + "</style>\n</head>\n<body>\n";
  page += "<header><p class=\"kicker\">palimpsest · a study of what a network forgets when it is fine-tuned</p>\n" +
          section_answer(results) + navigation(results) + "</header>\n<main>\n";
  for (const auto part : {section_setup, section_pain, section_losses, section_emotions, section_mcnemar,
                          section_gallery, section_concepts, section_pairs, section_units, section_truth,
                          section_tradeoff, section_mitigation, section_null, section_training, section_methods})
    page += part(results);
  page += "</main>\n<footer>Made by palimpsest " PALIMPSEST_VERSION
          ". After Prajod, Schiller, Huber and André, “Do Deep Neural Networks Forget Facial Action Units?” (arXiv "
          "2104.07389).</footer>\n</body>\n</html>\n";
  write_file(command.study / "report.html", page);
}

Command report_command() {
  return make_command("report", "Draw report.html of a study again",
                      "Example:\n"
                      "  palimpsest report demo/study",
                      run_report);
}

}  // namespace palimpsest::experiments
