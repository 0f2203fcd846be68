// The headline: the answer in plain words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg_charts.h"

namespace palimpsest::experiments::report {

namespace {

constexpr double level = 0.05;

struct Change {
  std::string emotion;
  double before = 0, after = 0;
  const McNemarRow* test = nullptr;
  double difference() const { return after - before; }
  bool significant() const { return test && test->holm < level; }
};

// FreezeB5 to FreezeB0, the greatest loss first.
std::vector<Change> changes(const StudyResults& r) {
  std::vector<Change> all;
  const auto before = r.retrained.find(most_frozen), after = r.retrained.find(0);
  if (before == r.retrained.end() || after == r.retrained.end()) return all;
  for (std::size_t e = 0; e < r.record.emotions.size() && e < before->second.recalls.size(); ++e)
    if (before->second.recalls[e].support > 0)
      all.push_back({r.record.emotions[e], before->second.recalls[e].recall, after->second.recalls[e].recall,
                     r.mcnemar_of(0, r.record.emotions[e])});
  std::sort(all.begin(), all.end(), [](const Change& a, const Change& b) {
    return a.difference() != b.difference() ? a.difference() < b.difference() : a.emotion < b.emotion;
  });
  return all;
}

// "40", or "12 to 500" if emotions differ.
std::string images_per_emotion(const StudyResults& r) {
  std::vector<std::int64_t> images;
  for (const analysis::ClassRecall& recall : r.retrained.at(0).recalls) images.push_back(recall.support);
  const auto [least, most] = std::minmax_element(images.begin(), images.end());
  return *least == *most ? fmt::format("{}", *most) : fmt::format("{} to {}", *least, *most);
}

std::string change_text(const Change& c) {
  return fmt::format("<b>{}</b> ({} → {}{})", escape(c.emotion), percent(c.before), percent(c.after),
                     c.test ? ", " + p_value(c.test->test.exact_p) : "");
}

std::string lead(const StudyResults& r, const std::vector<Change>& all) {
  if (all.empty()) return "The study is not finished: the re-trained models have not been evaluated yet.";
  double mean_before = 0;
  for (const Change& c : all) mean_before += c.before / double(all.size());
  const std::string caution =
      mean_before < 2.0 / double(all.size())
          ? fmt::format(
                "<b>Caution:</b> the network barely recognised emotions before it learned pain (mean recall {}, by "
                "guessing {}), so there was little to forget. ",
                percent(mean_before), percent(1.0 / double(all.size())))
          : "";
  std::vector<std::string> lost, gained;
  for (const Change& c : all) {
    if (!c.significant()) continue;
    (c.difference() < 0 ? lost : gained).push_back(change_text(c));
  }
  std::string text;
  if (lost.empty())
    text = fmt::format(
        "On these data, <b>no</b>: after all blocks were fine-tuned for pain, none of the {} emotions is "
        "recognised significantly worse than before (McNemar’s test with Holm’s correction). With {} "
        "test images of each, only losses of several of them are detectable. ",
        all.size(), images_per_emotion(r));
  else
    text = fmt::format(
        "<b>Yes.</b> After all blocks were fine-tuned for pain, {} of {} emotions {} recognised "
        "significantly less often than before: {}. ",
        lost.size(), all.size(), lost.size() == 1 ? "is" : "are", enumerate(lost));
  if (!gained.empty())
    text += fmt::format("{} {} recognised more often: {}. ", gained.size() == 1 ? "One emotion" : "Some emotions",
                        gained.size() == 1 ? "is" : "are", enumerate(gained));
  return caution + text + (r.record.drawn ? "The faces were drawn by a program, so the ground truth is known." : "");
}

// Wald's 95 % interval of a difference of paired shares, from the discordant pairs (Agresti, "Categorical Data
// Analysis", section 11.1): d = (c - b) / n with variance (b + c - (b - c)^2 / n) / n^2.
std::optional<std::pair<double, double>> paired_interval(const Change& change) {
  if (!change.test || change.test->images == 0) return {};
  const double n = double(change.test->images), b = double(change.test->test.b), c = double(change.test->test.c);
  const double half = 1.96 * std::sqrt(std::max(0.0, b + c - (b - c) * (b - c) / n)) / n;
  return std::pair{100 * ((c - b) / n - half), 100 * ((c - b) / n + half)};
}

std::string change_figure(const std::vector<Change>& all) {
  if (all.empty()) return "";
  RowBars chart{
      "Change of each emotion’s recall from FreezeB5 to FreezeB0", "", "change of recall, in points", {}, 400};
  for (const Change& c : all) {
    const char* colour = !c.significant() ? "var(--quiet)" : c.difference() < 0 ? "var(--b0)" : "var(--b4)";
    std::string words = fmt::format("{}: {} to {}, {} points{}", c.emotion, percent(c.before), percent(c.after),
                                    points(c.difference()), c.test ? ", " + p_value(c.test->test.exact_p) : "");
    chart.description += words + ". ";
    chart.rows.push_back({c.emotion, colour, std::move(words), 100 * c.difference(), paired_interval(c)});
  }
  return figure(legend({{"lost", "var(--b0)"}, {"could be chance", "var(--quiet)"}, {"gained", "var(--b4)"}}) +
                    "<div class=\"chart\">" + row_bars(chart) + "</div>",
                "How much less or more often each emotion is recognised after learning pain with all blocks free. "
                "Lines: 95 % intervals. Coloured: beyond chance by McNemar’s test with Holm’s correction.",
                "answer");
}

std::string performance_card(const StudyResults& r, const std::vector<Change>& all) {
  std::string text;
  std::vector<std::string> as_paper, not_as_paper;
  for (const char* emotion : {"surprise", "contempt"})
    for (const Change& c : all)
      if (c.emotion == emotion) (c.significant() && c.difference() < 0 ? as_paper : not_as_paper).emplace_back(emotion);
  if (!as_paper.empty()) text += paragraph(fmt::format("As in the paper, {} is lost.", enumerate(as_paper)));
  if (!not_as_paper.empty())
    text += paragraph(
        fmt::format("Unlike in the paper, no significant loss of {} is found here.", fmt::join(not_as_paper, " or ")));
  const auto before = r.pain.find(most_frozen), after = r.pain.find(0);
  if (before != r.pain.end() && after != r.pain.end() && before->second.recalls.size() > 1)
    text += paragraph(fmt::format("In exchange, recall of pain goes from {} (FreezeB5) to {} (FreezeB0).",
                                  percent(before->second.recalls[1].recall), percent(after->second.recalls[1].recall)));
  if (!all.empty()) {
    double mean = 0;
    for (const Change& c : all) mean += c.difference() / double(all.size());
    text += paragraph(fmt::format("Over all emotions, mean recall changes by {} points.", points(mean)));
  }
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
  for (const Hypothesis& h : r.record.hypotheses) {
    std::string name = unit_name(h.unit);
    hypotheses.push_back(fmt::format("{} with {} ({})", escape(name), escape(h.emotion), origin_of(h)));
  }
  text += paragraph(hypotheses.empty()
                        ? "No hypothesis was written down after viewing the maps."
                        : fmt::format("Hypotheses about what the network stopped seeing: {}.", enumerate(hypotheses)));
  return text;
}

std::string concept_sentence(const StudyResults& r, const Hypothesis& h) {
  const bool cut = r.cut_for(h.unit);
  const ConceptRow* row = r.concept_of(0, h.unit, cut);
  const std::string name = fmt::format("AU{}", h.unit);
  if (!row) return fmt::format("<b>{}</b> was not tested: too few peak frames show it.", name);
  const std::string figures = fmt::format("F1 {} → {}, {} points, {} corrected, {} uncorrected",
                                          percent(row->f1_before, 1), percent(row->f1_after, 1),
                                          points(row->difference), p_value(row->corrected.p), p_value(row->paired.p));
  if (row->difference > -0.0005)  // a loss displayed as 0.0 points does not count
    return fmt::format("<b>{}</b>: not supported. It is decoded no worse than before ({}).", name, figures);
  if (row->corrected.p < level)
    return fmt::format("<b>{}</b>: supported. It is decoded less well ({}).", name, figures);
  return fmt::format("<b>{}</b>: in the expected direction, but within the variation of random folds ({}).", name,
                     figures);
}

std::string concept_card(const StudyResults& r) {
  if (r.concepts.empty()) return missing("The concept tests have not been run yet.");
  std::string text;
  for (const Hypothesis& h : r.record.hypotheses) text += paragraph(concept_sentence(r, h));
  const RankingRow* ranking = r.ranking_of(0);
  if (!ranking || !ranking->auc) return text;
  const auto mean = [&](const char* group) {
    const auto found = ranking->mean_lost.find(group);
    return found == ranking->mean_lost.end() ? std::nan("") : found->second;
  };
  const char* verdict = *ranking->auc >= 0.7   ? "Action units that pain never uses do lose more"
                        : *ranking->auc >= 0.6 ? "Action units that pain never uses lose a little more"
                                               : "Action units that pain never uses do not lose more";
  return text +
         paragraph(fmt::format("{}: mean AUC lost {} against {} of pain’s core ones; sorting them by loss "
                               "separates unused from used with AUC {} (0.5 is chance).",
                               verdict, fixed(mean("never"), 3), fixed(mean("core"), 3), fixed(*ranking->auc, 2)));
}

std::string card(const char* title, const std::string& content) {
  return fmt::format("<div class=\"card\"><h3>{}</h3>{}</div>\n", title, content);
}

}  // namespace

std::string section_answer(const StudyResults& r) {
  const auto all = changes(r);
  return fmt::format(
      "<h1>Does a network forget emotions when it learns pain?</h1>\n"
      "<div class=\"answer\"><p class=\"lead\">{}</p>{}</div>\n<div class=\"cards\">{}{}{}</div>\n",
      lead(r, all), change_figure(all), card("1 · Performance", performance_card(r, all)),
      card("2 · Explanation", explanation_card(r)), card("3 · Concept tests", concept_card(r)));
}

}  // namespace palimpsest::experiments::report
