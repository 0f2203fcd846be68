// The headline: the answer in plain words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/html.h"
#include "experiments/report/losses.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg_charts.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

// "contempt (AUC 0.967 → 0.926)"
std::string loss_text(const LossRow& row) {
  return fmt::format("<b>{}</b> ({} → {})", escape(row.emotion), fixed(row.auc.before, 3), fixed(row.auc.after, 3));
}

std::vector<std::string> texts(const std::vector<const LossRow*>& rows) {
  std::vector<std::string> all;
  for (const LossRow* row : rows) all.push_back(loss_text(*row));
  return all;
}

std::string caution(const StudyResults& r) {
  const Wording say(r.record);
  const auto before = r.retrained.find(r.record.before());
  if (before == r.retrained.end()) return "";
  const double mean = before->second.scores.macro.recall, guess = 1 / double(r.record.emotions.size());
  if (mean >= 2 * guess) return "";
  return say(
      "<b>Caution:</b> {} barely recognised {sources} (mean recall {}, by guessing {}), so there was little to "
      "forget. ",
      say.given ? say("{before}") : say("before it learned {target} the network"), percent(mean), percent(guess));
}

// Whether the hypotheses' emotions lose more than the others.
std::string selectivity(const Wording& say, const LossSummary& model) {
  if (!model.selectivity) return "";
  const analysis::Estimate& s = *model.selectivity;
  const std::string figures = fmt::format("{}, 95 % interval {} to {}", signed_fixed(s.value, 3),
                                          signed_fixed(s.low, 3), signed_fixed(s.high, 3));
  if (s.low > 0) return say("The hypotheses’ {sources} lose more than the others ({}). ", figures);
  if (s.high < 0) return say("The hypotheses’ {sources} lose less than the others ({}). ", figures);
  return say("That the hypotheses’ {sources} lose more than the others is not shown ({}). ", figures);
}

// In what, and over how many runs, something is read less well.
std::string where_lost(const Wording& say, int runs) {
  if (say.given) return say("from the features of {after} than from those of {before}");
  return runs > 1 ? say("from the network’s features over {} runs of fine-tuning all blocks for {target}", runs)
                  : say("from the network’s features in this one run of fine-tuning all blocks for {target}");
}

std::string one_run(const Wording& say) {
  return say.given
             ? say("This compares these two networks; another run of the same training may lose other {sources}. ")
             : say("One run tells that these two networks differ, not what learning {target} does: other runs may "
                   "lose other {sources}. ");
}

std::string in_one_run(const Wording& say, int runs) {
  return say.one_run(runs) ? " in this one run" : "";
}

std::string lead(const StudyResults& r) {
  const Wording say(r.record);
  const int k = r.record.farthest();
  const LossSummary* model = loss_summary(r, k);
  if (!model) return "The study is not finished: what is lost has not been measured yet.";
  const auto planned = lost(r, k, true), others = lost(r, k, false);
  const auto gained_too = gained(r, k);
  const std::size_t all = loss_rows(r, k).size(), count = planned.size() + others.size();
  const std::string where = where_lost(say, model->runs);
  if (all == 0)
    return say(
        "<b>Not measured.</b> How well {a_source} is read needs two test images of it, and two of others; none has "
        "them.");
  std::string text;
  if (count > 0) {
    std::vector<const LossRow*> rows = planned;
    rows.insert(rows.end(), others.begin(), others.end());
    text = say("<b>Yes.</b> {} {sources} can be read less well {}: {}. ",
               count == all ? fmt::format("All {}", all) : fmt::format("{} of {}", count, all), where,
               enumerate(texts(rows)));
  } else if (model->all.p < level && model->mean.value > 0) {
    text =
        say("<b>Yes, but not which.</b> The {sources} together can be read less well {} ({}); no single one of them is "
            "beyond chance. ",
            where, p_value(model->all.p));
  } else {
    text = say("<b>Not shown.</b> None of the {} {sources} is read less well beyond chance {}. ", all, where);
  }
  if (const auto few = too_few_images(r); !few.empty())
    text += fmt::format("Not measured, for want of test images: {}. ", enumerate(escape(few)));
  if (!gained_too.empty()) text += fmt::format("Read better: {}. ", enumerate(texts(gained_too)));
  if (2 * count > all && model->selectivity && model->selectivity->low <= 0) text += "The loss is general. ";
  text += selectivity(say, *model);
  if (model->runs == 1) text += one_run(say);
  return caution(r) + text + (r.record.drawn ? "The faces were drawn by a program, so the ground truth is known." : "");
}

std::string how_sure(const StudyResults& r) {
  const Wording say(r.record);
  const LossSummary* model = loss_summary(r, r.record.farthest());
  if (!model || loss_rows(r, r.record.farthest()).empty()) return "";
  return paragraph(say(
      "How sure: in brackets the area under the ROC curve (" + term("auc", "AUC") +
          "; 0.5 is chance, 1 perfect) with which a " + term("probe", "linear probe") +
          " ranks the test images, before and after. {} All {sources} together: {}. {}",
      model->runs > 1 ? "The intervals below contain both the choice of test images and the difference between runs."
                      : "The intervals below contain the choice of test images only.",
      p_value(model->all.p),
      say.given ? "" : say("This holds for one {source} network; another one may forget something else.")));
}

std::string loss_figure(const StudyResults& r) {
  const Wording say(r.record);
  auto rows = loss_rows(r, r.record.farthest());
  if (rows.empty()) return "";
  std::sort(rows.begin(), rows.end(), [](const LossRow* a, const LossRow* b) {
    const double x = a->auc.loss.value, y = b->auc.loss.value;
    return x != y ? x > y : a->emotion < b->emotion;
  });
  RowBars chart{say("AUC of each {source} lost from {before} to {after}"), "", "AUC lost", {}, 400};
  for (const LossRow* row : rows) {
    const analysis::Estimate& loss = row->auc.loss;
    const char* colour = row->holm >= level ? "var(--quiet)" : loss.value > 0 ? "var(--b0)" : "var(--b4)";
    std::string words = fmt::format("{}: {} to {}, lost {} ({} to {}), {}", row->emotion, fixed(row->auc.before, 3),
                                    fixed(row->auc.after, 3), signed_fixed(loss.value, 3), signed_fixed(loss.low, 3),
                                    signed_fixed(loss.high, 3), p_value(loss.test.p));
    chart.description += words + ". ";
    chart.rows.push_back({row->emotion + (row->hypothesis ? " *" : ""), colour, std::move(words), loss.value,
                          std::pair{loss.low, loss.high}});
  }
  return figure(
      legend({{"lost", "var(--b0)"}, {"could be chance", "var(--quiet)"}, {"gained", "var(--b4)"}}) +
          "<div class=\"chart\">" + row_bars(chart) + "</div>",
      say("How much less well each {source} can be read {}. Lines: 95 % intervals of each by itself. Coloured: beyond "
          "chance with " +
              term("holm", "Holm’s correction") +
              ", {}; so an interval may exclude 0 and the bar still be "
              "grey.",
          say.given ? say("in {after} than in {before}") : say("after learning {target} with all blocks free"),
          r.record.hypotheses.empty() ? "for all together" : "for the hypotheses (*) and for the others separately"),
      "answer");
}

// Recall of the second task before and after: of its second class, or the mean of more than two.
std::string target_sentence(const StudyResults& r, const Wording& say) {
  const auto before = r.pain.find(r.record.before()), after = r.pain.find(r.record.farthest());
  if (before == r.pain.end() || after == r.pain.end()) return "";
  return paragraph(say("In exchange, recall of {target} goes from {} ({before}) to {} ({after}).",
                       percent(target_recall(before->second)), percent(target_recall(after->second))));
}

std::string performance_card(const StudyResults& r) {
  const Wording say(r.record);
  const int k = r.record.farthest();
  std::string text;
  for (const LossRow* row : loss_rows(r, k)) {
    if (!row->hypothesis) continue;
    const analysis::Estimate& loss = row->auc.loss;
    const std::string figures =
        fmt::format("AUC lost {}, {} to {}; {} with Holm’s correction", signed_fixed(loss.value, 3),
                    signed_fixed(loss.low, 3), signed_fixed(loss.high, 3), p_value(row->holm));
    text += paragraph(fmt::format("Hypothesis: <b>{}</b> is lost. {}{} ({}).", escape(row->emotion),
                                  row->holm < level && loss.value > 0 ? "Supported"
                                  : loss.low > 0                      ? "Not beyond chance once corrected"
                                                                      : "Not shown",
                                  in_one_run(say, row->auc.runs), figures));
  }
  for (const std::string& emotion : too_few_images(r))
    if (std::ranges::any_of(r.record.hypotheses, [&](const Hypothesis& h) { return h.emotion == emotion; }))
      text +=
          paragraph(fmt::format("Hypothesis: <b>{}</b> is lost. Not tested: too few test images.", escape(emotion)));
  const auto before = r.retrained.find(r.record.before()), after = r.retrained.find(k);
  if (before != r.retrained.end() && after != r.retrained.end()) {
    for (const McNemarRow& row : r.mcnemar) {
      const int e = r.emotion_index(row.emotion);
      if (row.k != k || !row.hypothesis || e < 0 || say.given) continue;
      text += paragraph(fmt::format(
          "The paper’s measure: recall of {} by one head each, {} → {}, McNemar’s {}. It tells whether these two "
          "networks differ.",
          escape(row.emotion), percent(before->second.recalls[std::size_t(e)].recall),
          percent(after->second.recalls[std::size_t(e)].recall), p_value(row.test.exact_p)));
    }
    text += paragraph(say("Recall, mean of all {sources}, by {}: {} → {}.",
                          say.given ? "the linear probes" : "the re-trained heads",
                          percent(before->second.scores.macro.recall), percent(after->second.scores.macro.recall)));
  }
  text += target_sentence(r, say);
  return text.empty() ? missing("Not evaluated yet.") : text;
}

std::string explanation_card(const StudyResults& r) {
  const Wording say(r.record);
  std::int64_t total = 0;
  for (const McNemarRow& row : r.mcnemar)
    if (row.k == r.record.farthest()) total += row.test.b;
  std::string text;
  if (!r.mcnemar.empty())
    text += paragraph(
        say("{} recognised before and not after ({after}).", count(total, "test image is", "test images are")));
  std::vector<std::string> hypotheses;
  for (const Hypothesis& h : r.record.hypotheses)
    hypotheses.push_back(
        fmt::format("{} with {} ({})", escape(unit_name(r.record, h.unit)), escape(h.emotion), origin_of(h)));
  text += paragraph(hypotheses.empty()
                        ? "No hypothesis was written down after viewing the maps."
                        : fmt::format("Hypotheses about what the network stopped seeing: {}.", enumerate(hypotheses)));
  return text;
}

// "AUC 0.936 → 0.801, lost 0.135 (0.110 to 0.160)"
std::string concept_figures(const ConceptRow& row) {
  const analysis::Estimate& loss = row.auc.loss;
  return fmt::format("AUC {} → {}, lost {} ({} to {})", fixed(row.auc.before, 3), fixed(row.auc.after, 3),
                     signed_fixed(loss.value, 3), signed_fixed(loss.low, 3), signed_fixed(loss.high, 3));
}

std::string concept_sentence(const StudyResults& r, int unit) {
  const int k = r.record.farthest();
  const ConceptRow* row = r.concept_of(k, unit, Faces::full);
  const std::string name = escape(concept_name(r.record, unit));
  if (!row) return fmt::format("<b>{}</b> was not tested: too few images show it.", name);
  const analysis::Estimate& loss = row->auc.loss;
  std::string text =
      fmt::format("<b>{}</b>: {}{}. {}; {} with Holm’s correction.", name,
                  row->holm < level && loss.value > 0 ? "supported, it is decoded less well"
                  : loss.value > 0                    ? "in the expected direction, but within the uncertainty"
                                                      : "not supported, it is decoded no worse than before",
                  in_one_run(Wording(r.record), row->auc.runs), concept_figures(*row), p_value(row->holm));
  for (const Faces faces : {Faces::blank, Faces::stretch, Faces::alone})
    if (const ConceptRow* other = r.concept_of(k, unit, faces))
      text += fmt::format(" <i>{}</i>: {}.", faces_name(faces), concept_figures(*other));
  return text;
}

// Without a hypothesis: how many concepts lose.
std::string concepts_lost(const StudyResults& r, const Wording& say) {
  std::vector<std::string> names;
  std::size_t tested = 0;
  for (const ConceptRow& row : r.concepts) {
    if (row.k != r.record.farthest() || row.faces != Faces::full) continue;
    ++tested;
    if (row.holm < level && row.auc.loss.value > 0)
      names.push_back(fmt::format("<b>{}</b> ({})", escape(concept_name(r.record, row.unit)), concept_figures(row)));
  }
  return say("{} of {} {units} are decoded less well beyond chance{}.", names.size(), tested,
             names.empty() ? "" : ": " + enumerate(names));
}

std::string concept_card(const StudyResults& r) {
  const Wording say(r.record);
  if (r.concepts.empty())
    return missing(say.given && r.record.concepts.empty() ? "No images with concepts were given."
                                                          : "The concept tests have not been run yet.");
  std::string text;
  if (r.record.hypotheses.empty()) text += paragraph(concepts_lost(r, say));
  for (const Hypothesis& h : r.record.hypotheses) text += paragraph(concept_sentence(r, h.unit));
  const RankingRow* ranking = r.ranking_of(r.record.farthest());
  if (!ranking || !ranking->auc || !ranking->p) return text;
  const auto mean = [&](const char* group) {
    const auto found = ranking->mean_lost.find(group);
    return found == ranking->mean_lost.end() ? std::nan("") : found->second;
  };
  return text +
         paragraph(
             say("{}: mean AUC lost {} against {} of {target}’s core ones; sorting them by loss separates unused from "
                 "used with AUC {} (0.5 is chance; exact permutation test, one-sided: {}).",
                 *ranking->p < level ? say("{Units} that {target} never uses lose more")
                                     : say("That {units} which {target} never uses lose more is not shown"),
                 fixed(mean("never"), 3), fixed(mean("core"), 3), fixed(*ranking->auc, 2), p_value(*ranking->p)));
}

std::string card(const char* title, const std::string& content) {
  return fmt::format("<div class=\"card\"><h3>{}</h3>{}</div>\n", title, content);
}

}  // namespace

std::string section_answer(const StudyResults& r) {
  const Wording say(r.record);
  return fmt::format(
      "<h1>{}</h1>\n"
      "<div class=\"answer\"><div><p class=\"lead\">{}</p>{}</div>{}</div>\n<div class=\"cards\">{}{}{}</div>\n",
      say.given ? "What did the network forget?" : say("Does a network forget {sources} when it learns {target}?"),
      lead(r), how_sure(r), loss_figure(r), card("1 · Performance", performance_card(r)),
      card("2 · Explanation", explanation_card(r)), card("3 · Concept tests", concept_card(r)));
}

}  // namespace palimpsest::experiments::report
