// The primary outcome: how much less well each emotion can be read from the features.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/report/calibration.h"
#include "experiments/report/csv_files.h"
#include "experiments/report/html.h"
#include "experiments/report/losses.h"
#include "experiments/report/sections.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

std::string interval(const analysis::Estimate& e) {
  return fmt::format("{}<br><span class=\"soft\">{} to {}</span>", signed_fixed(e.value, 3), signed_fixed(e.low, 3),
                     signed_fixed(e.high, 3));
}

std::string flagged(const std::string& name, const char* test) {
  return name + calibration_flag(test);
}

std::string interval(const Wording& say, const analysis::Estimate& e, int runs) {
  return interval(e) + (say.one_run(runs) ? "<span class=\"soft\">, one run</span>" : "");
}

std::string model_table(const StudyResults& r, const Wording& say, const LossSummary& model) {
  Table table(
      say("{Before} against {}{}", model_name(model.k), say.given ? "" : ", " + count(model.runs, "run", "runs")),
      {say("{Source}"), "images", "AUC before", "after", "AUC lost",
       flagged("p<br>Holm", say.given ? calibrate::class_loss_images : calibrate::class_loss), "sd: images<br>a run",
       flagged("p, images<br>only", calibrate::class_loss_images), "recall before<br>after"});
  for (const LossRow* row : loss_rows(r, model.k)) {
    const analysis::RankingLoss& a = row->auc;
    const bool tested = !say.one_run(a.runs);
    const auto below = [](const std::string& text) { return "<br><span class=\"soft\">" + text + "</span>"; };
    table.row(
        {escape(row->emotion) + (row->hypothesis ? below("hypothesis") : ""), fmt::format("{}", row->images),
         fixed(a.before, 3), fixed(a.after, 3), interval(say, a.loss, a.runs),
         tested ? scientific_number(a.loss.test.p) + below(scientific_number(row->holm)) : "–",
         fixed(std::sqrt(a.image_variance), 3) + below(a.runs > 1 ? fixed(std::sqrt(a.run_variance), 3) : "–"),
         scientific_number(a.images.test.p), percent(row->recall_before, 1) + below(percent(row->recall_after, 1))},
        tested && row->holm < level ? "strong" : "");
  }
  return table.html();
}

std::string summary_table(const StudyResults& r, const Wording& say) {
  const bool hypotheses = !r.record.hypotheses.empty();
  std::vector<std::string> header{"Model",
                                  "runs",
                                  "F",
                                  "degrees of freedom",
                                  flagged("p", say.given ? calibrate::all_classes_images : calibrate::all_classes),
                                  flagged("mean AUC lost", calibrate::mean_loss)};
  if (hypotheses) header.push_back(flagged(say("hypotheses’ {sources} less the others"), calibrate::contrast));
  Table table(say("All {sources} together"), header);
  for (const LossSummary& model : r.losses->models) {
    std::vector<std::string> cells{model_name(model.k),
                                   fmt::format("{}", model.runs),
                                   fixed(model.all.f, 2),
                                   fmt::format("{:.0f}, {:.0f}", model.all.df1, model.all.df2),
                                   say.one_run(model.runs) ? "–" : scientific_number(model.all.p),
                                   interval(say, model.mean, model.runs)};
    if (hypotheses) cells.emplace_back(model.selectivity ? interval(say, *model.selectivity, model.runs) : "–");
    table.row(std::move(cells));
  }
  return table.html();
}

}  // namespace

std::string section_losses(const StudyResults& r) {
  const Wording say(r.record);
  const char* title = "What is read less well";
  if (!r.losses) return section("losses", title, missing("The linear probes have not been trained."));
  std::string text = paragraph(say(
      "A <i>linear probe</i> is a logistic regression on the output of the last convolution block, trained to its "
      "optimum on the {source} training images with an " +
          term("l2", "L2 penalty") + " (C = {}, the best of {} by five-fold " +
          term("crossvalidation", "cross-validation") +
          " on {before} and {after}). Unlike a head trained by SGD it has no seed: on the same features it is always "
          "the same. Its score for {a_source} is the " +
          term("logodds", "log-odds") +
          "; the <i>AUC</i> is the chance that an image of the {source} has a higher score than another one. "
          "<i>Lost</i>: the AUC from {before} less {}.",
      r.losses->c, fmt::join(r.losses->c_tried, ", "),
      say.given ? say("that from {after}") : say("the mean over the runs of learning {target}")));
  const std::string families =
      r.record.hypotheses.empty()
          ? say("Holm’s correction is within all {sources}{}.", say.given ? "" : " of each model")
          : say("Holm’s correction is within the hypotheses, which were declared beforehand, and within the other "
                "{sources}{}.",
                say.given ? "" : ", of each model");
  text += paragraph(
      say.given
          ? say("The variance of a loss is " + term("delong", "DeLong’s") +
                " over the images: it says whether these two networks differ on other images, not whether another run "
                "of "
                "the same training would do the same. ") +
                families
          : say("The variance of a loss is " + term("delong", "DeLong’s") +
                " over the images plus that between runs, divided by their number; {before} has the {source} network’s "
                "own features, so it has no runs. t-test with Welch’s and Satterthwaite’s " +
                term("df", "degrees of freedom") +
                ". <i>p, images only</i> asks whether these networks differ on other images; it is not a test of what "
                "learning {target} does, and rejects far too often as such. ") +
                families);
  if (std::ranges::any_of(r.losses->models, [&](const LossSummary& model) { return say.one_run(model.runs); }))
    text += paragraph(say(
        "Of a model with one run the intervals contain the images alone. What learning {target} does cannot be tested "
        "with it, so its p is left out."));
  if (const auto few = too_few_images(r); !few.empty())
    text += paragraph(
        say("Left out: {}. An AUC with its error needs at least two test images of {a_source} and two of others.",
            enumerate(escape(few))));
  std::string others;
  for (const LossSummary& model : r.losses->models)
    (model.k == r.record.farthest() ? text : others) += model_table(r, say, model);
  text += paragraph(say(
      "Before any single {source}: is anything lost at all? An F test of all losses with their covariance.{}",
      r.record.hypotheses.empty() ? ""
                                  : say(" The last column says whether the hypotheses’ {sources} lose more than the "
                                        "others (<i>selective</i>) or everything loses (<i>general</i>).")));
  text += summary_table(r, say);
  if (!others.empty()) text += details(say("Each {source}, the other models"), others);
  return section("losses", title, text + data_link(r, "losses.csv"));
}

}  // namespace palimpsest::experiments::report
