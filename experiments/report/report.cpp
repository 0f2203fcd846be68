// `palimpsest report`: one HTML file that needs no network and no script.
#include "experiments/report/report.h"

#include "experiments/command.h"
#include "experiments/report/csv_files.h"
#include "experiments/report/html.h"
#include "experiments/report/results.h"
#include "experiments/report/sections.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments {

namespace {

using namespace report;

struct PageSection {
  const char* id;
  const char* name;  // in the navigation
  std::string (*section)(const StudyResults&);
};
constexpr PageSection page_sections[]{{"setup", "What was run", section_setup},
                                      {"target", "{Target}", section_pain},
                                      {"losses", "Losses", section_losses},
                                      {"recall", "{Sources}", section_emotions},
                                      {"mcnemar", "McNemar", section_mcnemar},
                                      {"gallery", "Relevance maps", section_gallery},
                                      {"concepts", "Concept tests", section_concepts},
                                      {"pairs", "Pairs", section_pairs},
                                      {"blocks", "Blocks", section_blocks},
                                      {"units", "{Units}", section_units},
                                      {"truth", "Truth", section_truth},
                                      {"tradeoff", "Trade-off", section_tradeoff},
                                      {"mitigation", "Can it be avoided?", section_mitigation},
                                      {"null", "Null", section_null},
                                      {"calibration", "Which tests to trust", section_calibration},
                                      {"training", "Training", section_training},
                                      {"methods", "How to read this", section_methods},
                                      {"words", "Words", section_words}};

}  // namespace

void run_report(const ReportCommand& command) {
  const StudyResults results = load_results(command.study);
  const Wording say(results.record);
  write_csv_files(results);
  std::string items, sections;
  for (const PageSection& part : page_sections) {
    const std::string text = part.section(results);
    if (text.empty()) continue;
    items += fmt::format("<li><a href=\"#{}\">{}</a></li>", part.id, say(part.name));
    sections += text;
  }
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>What does a network forget? A palimpsest study</title>\n<style>" +
      style_sheet() + "</style>\n</head>\n<body>\n";
  page += "<header><p class=\"kicker\">palimpsest · a study of what a network forgets when it is fine-tuned</p>\n" +
          section_answer(results) + "<nav aria-label=\"Sections\"><ul>" + items + "</ul></nav>\n</header>\n<main>\n" +
          sections;
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
