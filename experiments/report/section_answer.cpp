// The headline: the answer in plain words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/html.h"
#include "experiments/report/losses.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg_charts.h"

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
  const auto before = r.retrained.find(most_frozen);
  if (before == r.retrained.end()) return "";
  const double mean = before->second.scores.macro.recall, guess = 1 / double(r.record.emotions.size());
  if (mean >= 2 * guess) return "";
  return fmt::format(
      "<b>Caution:</b> the network barely recognised emotions before it learned pain (mean recall {}, by guessing {}), "
      "so there was little to forget. ",
      percent(mean), percent(guess));
}

// Whether the hypotheses' emotions lose more than the others.
std::string selectivity(const LossSummary& model) {
  if (!model.selectivity) return "";
  const analysis::Estimate& s = *model.selectivity;
  const std::string figures = fmt::format("{}, 95 % interval {} to {}", signed_fixed(s.value, 3),
                                          signed_fixed(s.low, 3), signed_fixed(s.high, 3));
  if (s.low > 0) return fmt::format("The hypotheses’ emotions lose more than the others ({}). ", figures);
  if (s.high < 0) return fmt::format("The hypotheses’ emotions lose less than the others ({}). ", figures);
  return fmt::format("That the hypotheses’ emotions lose more than the others is not shown ({}). ", figures);
}

std::string lead(const StudyResults& r) {
  const LossSummary* model = loss_summary(r, 0);
  if (!model) return "The study is not finished: what is lost has not been measured yet.";
  const auto planned = lost(r, 0, true), others = lost(r, 0, false);
  const auto gained_too = gained(r, 0);
  const std::size_t all = loss_rows(r, 0).size(), count = planned.size() + others.size();
  const std::string who = model->runs > 1 ? fmt::format("over {} runs of fine-tuning all blocks for pain", model->runs)
                                          : std::string("in this one run of fine-tuning all blocks for pain");
  if (all == 0)
    return "<b>Not measured.</b> How well an emotion is read needs two test images of it, and no emotion has them.";
  std::string text;
  if (count > 0) {
    std::vector<const LossRow*> rows = planned;
    rows.insert(rows.end(), others.begin(), others.end());
    text = fmt::format("<b>Yes.</b> {} emotions can be read less well from the network’s features {}: {}. ",
                       count == all ? fmt::format("All {}", all) : fmt::format("{} of {}", count, all), who,
                       enumerate(texts(rows)));
  } else if (model->all.p < level && model->mean.value > 0) {
    text = fmt::format(
        "<b>Yes, but not which.</b> The emotions together can be read less well from the network’s features {} ({}); "
        "no single one of them is beyond chance. ",
        who, p_value(model->all.p));
  } else {
    text = fmt::format(
        "<b>Not shown.</b> None of the {} emotions is read less well from the network’s features beyond chance {}. ",
        all, who);
  }
  if (!gained_too.empty()) text += fmt::format("Read better: {}. ", enumerate(texts(gained_too)));
  if (2 * count > all && model->selectivity && model->selectivity->low <= 0) text += "The loss is general. ";
  text += selectivity(*model);
  if (model->runs == 1)
    text +=
        "One run tells that these two networks differ, not what learning pain does: other runs may lose other "
        "emotions. ";
  return caution(r) + text + (r.record.drawn ? "The faces were drawn by a program, so the ground truth is known." : "");
}

std::string how_sure(const StudyResults& r) {
  const LossSummary* model = loss_summary(r, 0);
  if (!model || loss_rows(r, 0).empty()) return "";
  return paragraph(fmt::format(
      "How sure: in brackets the area under the ROC curve (AUC; 0.5 is chance, 1 perfect) with which a linear probe "
      "ranks the test images, before and after. {} All emotions together: {}. This holds for one emotion network; "
      "another one may forget something else.",
      model->runs > 1 ? "The intervals below contain both the choice of test images and the difference between runs."
                      : "The intervals below contain the choice of test images only.",
      p_value(model->all.p)));
}

std::string loss_figure(const StudyResults& r) {
  auto rows = loss_rows(r, 0);
  if (rows.empty()) return "";
  std::sort(rows.begin(), rows.end(), [](const LossRow* a, const LossRow* b) {
    const double x = a->auc.loss.value, y = b->auc.loss.value;
    return x != y ? x > y : a->emotion < b->emotion;
  });
  RowBars chart{"AUC of each emotion lost from FreezeB5 to FreezeB0", "", "AUC lost", {}, 400};
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
      "How much less well each emotion can be read after learning pain with all blocks free. Lines: 95 % "
      "intervals of each by itself. Coloured: beyond chance with Holm’s correction, for the hypotheses (*) and "
      "for the others separately; so an interval may exclude 0 and the bar still be grey.",
      "answer");
}

std::string performance_card(const StudyResults& r) {
  std::string text;
  for (const LossRow* row : loss_rows(r, 0)) {
    if (!row->hypothesis) continue;
    const analysis::Estimate& loss = row->auc.loss;
    const std::string figures =
        fmt::format("AUC lost {}, {} to {}; {} with Holm’s correction", signed_fixed(loss.value, 3),
                    signed_fixed(loss.low, 3), signed_fixed(loss.high, 3), p_value(row->holm));
    text += paragraph(fmt::format("Hypothesis: <b>{}</b> is lost. {} ({}).", escape(row->emotion),
                                  row->holm < level && loss.value > 0 ? "Supported"
                                  : loss.low > 0                      ? "Not beyond chance once corrected"
                                                                      : "Not shown",
                                  figures));
  }
  for (const McNemarRow& row : r.mcnemar)
    if (row.k == 0 && row.hypothesis) {
      const auto before = r.retrained.find(most_frozen), after = r.retrained.find(0);
      const int e = r.emotion_index(row.emotion);
      if (before == r.retrained.end() || after == r.retrained.end() || e < 0) continue;
      text += paragraph(fmt::format(
          "The paper’s measure: recall of {} by one head each, {} → {}, McNemar’s {}. It tells whether these two "
          "networks differ.",
          escape(row.emotion), percent(before->second.recalls[std::size_t(e)].recall),
          percent(after->second.recalls[std::size_t(e)].recall), p_value(row.test.exact_p)));
    }
  const auto before = r.pain.find(most_frozen), after = r.pain.find(0);
  if (before != r.pain.end() && after != r.pain.end() && before->second.recalls.size() > 1)
    text += paragraph(fmt::format("In exchange, recall of pain goes from {} (FreezeB5) to {} (FreezeB0).",
                                  percent(before->second.recalls[1].recall), percent(after->second.recalls[1].recall)));
  return text.empty() ? missing("Not evaluated yet.") : text;
}

std::string explanation_card(const StudyResults& r) {
  std::int64_t total = 0;
  for (const McNemarRow& row : r.mcnemar)
    if (row.k == 0) total += row.test.b;
  std::string text;
  if (!r.mcnemar.empty())
    text += paragraph(fmt::format("{} recognised before and no longer after (FreezeB0).",
                                  count(total, "test image is", "test images are")));
  std::vector<std::string> hypotheses;
  for (const Hypothesis& h : r.record.hypotheses)
    hypotheses.push_back(fmt::format("{} with {} ({})", escape(unit_name(h.unit)), escape(h.emotion), origin_of(h)));
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
  const ConceptRow* row = r.concept_of(0, unit, Faces::full);
  const std::string name = fmt::format("AU{}", unit);
  if (!row) return fmt::format("<b>{}</b> was not tested: too few peak frames show it.", name);
  const analysis::Estimate& loss = row->auc.loss;
  std::string text = fmt::format("<b>{}</b>: {} {}; {} with Holm’s correction.", name,
                                 row->holm < level && loss.value > 0 ? "supported, it is decoded less well."
                                 : loss.value > 0 ? "in the expected direction, but within the uncertainty."
                                                  : "not supported, it is decoded no worse than before.",
                                 concept_figures(*row), p_value(row->holm));
  for (const Faces faces : {Faces::blank, Faces::stretch, Faces::alone})
    if (const ConceptRow* other = r.concept_of(0, unit, faces))
      text += fmt::format(" <i>{}</i>: {}.", faces_name(faces), concept_figures(*other));
  return text;
}

std::string concept_card(const StudyResults& r) {
  if (r.concepts.empty()) return missing("The concept tests have not been run yet.");
  std::string text;
  for (const Hypothesis& h : r.record.hypotheses) text += paragraph(concept_sentence(r, h.unit));
  const RankingRow* ranking = r.ranking_of(0);
  if (!ranking || !ranking->auc || !ranking->p) return text;
  const auto mean = [&](const char* group) {
    const auto found = ranking->mean_lost.find(group);
    return found == ranking->mean_lost.end() ? std::nan("") : found->second;
  };
  return text + paragraph(fmt::format(
                    "{}: mean AUC lost {} against {} of pain’s core ones; sorting them by loss separates unused from "
                    "used with AUC {} (0.5 is chance; exact permutation test, one-sided: {}).",
                    *ranking->p < level ? "Action units that pain never uses lose more"
                                        : "That action units which pain never uses lose more is not shown",
                    fixed(mean("never"), 3), fixed(mean("core"), 3), fixed(*ranking->auc, 2), p_value(*ranking->p)));
}

std::string card(const char* title, const std::string& content) {
  return fmt::format("<div class=\"card\"><h3>{}</h3>{}</div>\n", title, content);
}

}  // namespace

std::string section_answer(const StudyResults& r) {
  return fmt::format(
      "<h1>Does a network forget emotions when it learns pain?</h1>\n"
      "<div class=\"answer\"><div><p class=\"lead\">{}</p>{}</div>{}</div>\n<div class=\"cards\">{}{}{}</div>\n",
      lead(r), how_sure(r), loss_figure(r), card("1 · Performance", performance_card(r)),
      card("2 · Explanation", explanation_card(r)), card("3 · Concept tests", concept_card(r)));
}

}  // namespace palimpsest::experiments::report
