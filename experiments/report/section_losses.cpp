// The primary outcome: how much less well each emotion can be read from the features.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/report/html.h"
#include "experiments/report/losses.h"
#include "experiments/report/sections.h"

namespace palimpsest::experiments::report {

namespace {

std::string interval(const analysis::Estimate& e) {
  return fmt::format("{}<br><span class=\"soft\">{} to {}</span>", signed_fixed(e.value, 3), signed_fixed(e.low, 3),
                     signed_fixed(e.high, 3));
}

std::string model_table(const StudyResults& r, const LossSummary& model) {
  Table table(fmt::format("FreezeB5 against {}, {}", model_name(model.k), count(model.runs, "run", "runs")),
              {"Emotion", "images", "AUC before", "after", "AUC lost", "p<br>Holm", "sd: images<br>a run",
               "p, images<br>only", "recall before<br>after"});
  for (const LossRow* row : loss_rows(r, model.k)) {
    const analysis::RankingLoss& a = row->auc;
    const auto below = [](const std::string& text) { return "<br><span class=\"soft\">" + text + "</span>"; };
    table.row(
        {escape(row->emotion) + (row->hypothesis ? below("hypothesis") : ""), fmt::format("{}", row->images),
         fixed(a.before, 3), fixed(a.after, 3), interval(a.loss),
         scientific_number(a.loss.test.p) + below(scientific_number(row->holm)),
         fixed(std::sqrt(a.image_variance), 3) + below(a.runs > 1 ? fixed(std::sqrt(a.run_variance), 3) : "–"),
         scientific_number(a.images.test.p), percent(row->recall_before, 1) + below(percent(row->recall_after, 1))},
        row->holm < level ? "strong" : "");
  }
  return table.html();
}

std::string summary_table(const StudyResults& r) {
  Table table("All emotions together", {"Model", "runs", "F", "degrees of freedom", "p", "mean AUC lost",
                                        "hypotheses’ emotions less the others"});
  for (const LossSummary& model : r.losses->models)
    table.row({model_name(model.k), fmt::format("{}", model.runs), fixed(model.all.f, 2),
               fmt::format("{:.0f}, {:.0f}", model.all.df1, model.all.df2), scientific_number(model.all.p),
               interval(model.mean), model.selectivity ? interval(*model.selectivity) : "–"});
  return table.html();
}

}  // namespace

std::string section_losses(const StudyResults& r) {
  const char* title = "What can no longer be read";
  if (!r.losses) return section("losses", title, missing("The linear probes have not been trained."));
  std::string text = paragraph(fmt::format(
      "A <i>linear probe</i> is a logistic regression on the output of the last convolution block, trained to its "
      "optimum on the emotion training images with L2 penalty (C = {}, the best of {} by five-fold cross-validation "
      "on FreezeB5 and FreezeB0). Unlike a head trained by SGD it has no seed: on the same features it is always the "
      "same. Its score for an emotion is the log-odds; the <i>AUC</i> is the chance that an image of the emotion has a "
      "higher score than another one. <i>Lost</i>: FreezeB5’s AUC less the mean over the runs of learning pain.",
      r.losses->c, fmt::join(r.losses->c_tried, ", ")));
  text += paragraph(
      "The variance of a loss is DeLong’s over the images plus that between runs, divided by their number; FreezeB5 "
      "has "
      "the emotion network’s own features, so it has no runs. t-test with Welch’s and Satterthwaite’s degrees of "
      "freedom. <i>p, images only</i> asks whether these networks differ on other images; it is not a test of what "
      "learning pain does, and rejects far too often as such. Holm’s correction is within the hypotheses, which are in "
      "the configuration, and within the other emotions, of each model.");
  std::string others;
  for (const LossSummary& model : r.losses->models)
    if (model.k == 0)
      text += model_table(r, model);
    else
      others += model_table(r, model);
  text += paragraph(
      "Before any single emotion: is anything lost at all? An F test of all losses with their covariance. The last "
      "column says whether the hypotheses’ emotions lose more than the others (<i>selective</i>) or everything loses "
      "(<i>general</i>).");
  return section("losses", title, text + summary_table(r) + details("Each emotion, the other models", others));
}

}  // namespace palimpsest::experiments::report
