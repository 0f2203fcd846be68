// How far each test of this page can be trusted.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/report/calibration.h"
#include "experiments/report/html.h"
#include "experiments/report/sections.h"

namespace palimpsest::experiments::report {

using Rate = Calibration::Rate;

namespace {

std::string rate_cell(const Rate* rate) {
  if (!rate) return "–";
  return fmt::format("{}<br><span class=\"soft\">± {}</span>", percent(rate->rate(), 1), fixed(100 * rate->error, 1));
}

std::string verdict(const Rate* rate) {
  if (!rate) return "–";
  return rate->agrees_with(0.05) ? "right" : rate->rate() > 0.05 ? "too often" : "too rarely";
}

}  // namespace

std::string section_calibration(const StudyResults&) {
  const Calibration& calibration = Calibration::of_program();
  std::vector<std::string> header{"Test, at 5 %"}, tests;
  for (const Calibration::Kind& kind : calibration.kinds()) {
    header.push_back(kind.name);
    for (const Rate& rate : kind.rates)
      if (std::ranges::find(tests, rate.test) == tests.end()) tests.push_back(rate.test);
  }
  header.emplace_back("rejects");
  Table table("How often each test rejects, with the standard error over the sets", header);
  for (const std::string& test : tests) {
    std::vector<std::string> cells{escape(test)};
    for (const Calibration::Kind& kind : calibration.kinds())
      cells.push_back(rate_cell(calibration.of(kind.name.c_str(), test)));
    const std::string rejects = verdict(calibration.false_positives(test));
    cells.push_back(rejects);
    table.row(std::move(cells), rejects == "right" ? "" : "quiet");
  }
  return section(
      "calibration", "Which tests can be trusted",
      paragraph(fmt::format(
          "A test at the 5 % level should reject in 5 % of the studies in which nothing is lost. Measured on "
          "drawn faces, once, for the tests of every page (<code>palimpsest calibrate</code>): {} sets of "
          "each kind, made from the features of a network before.",
          calibration.kinds().front().rates.front().sets)) +
          table.html() +
          paragraph(
              "<i>nothing lost</i>: noise on the features before and after, equally strong, so that two networks "
              "disagree as often as two real ones; for maps, what each person’s lose has a random sign. <i>labels "
              "shuffled</i>: nothing can be read at all. <i>something lost</i>: more noise after, so the rate is the "
              "test’s power. <i>runs of the same training</i>: one run takes the place of “before” and another that of "
              "“after”; they differ by chance alone, which a test over images alone takes for an effect. A test that "
              "rejects too often says so wherever its p is shown; one that rejects too rarely overlooks losses."));
}

}  // namespace palimpsest::experiments::report
