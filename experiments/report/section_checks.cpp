// Checks of the results: the ground truth of drawn faces, the null, the training curves, the caveats.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "experiments/report/calibration.h"
#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg_charts.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

std::string subject_of(const ExplainedSample::Emotion* sample, const std::string& id) {
  if (!sample) return "";
  const auto image = std::ranges::find(sample->images, id, &ExplainedSample::Image::id);
  return image == sample->images.end() ? "" : image->subject;
}

struct RegionMeans {
  int images = 0, inverted = 0;  // inverted: left out
  double area = 0, before = 0, after = 0, difference = 0;
  analysis::MeanInterval change;  // after minus before
};

// Over the explained images of an emotion whose face shows the action unit.
RegionMeans region_means(const std::vector<Disagreement>& list, const ExplainedSample::Emotion* sample, int emotion,
                         int unit) {
  RegionMeans means;
  std::vector<double> changes;
  std::vector<std::int64_t> subjects;
  SubjectClusters clusters;
  for (const Disagreement& one : list) {
    if (one.label != emotion || !one.units.contains(unit)) continue;
    if (one.truth && std::find(one.truth->shown.begin(), one.truth->shown.end(), unit) == one.truth->shown.end())
      continue;
    if (one.inverted()) {
      ++means.inverted;
      continue;
    }
    const auto& shares = one.units.at(unit);
    if (!shares.contains("a") || !shares.contains("b") || !shares.contains("area")) continue;
    ++means.images;
    means.area += shares.at("area");
    means.before += shares.at("a");
    means.after += shares.at("b");
    means.difference += shares.contains("difference") ? shares.at("difference") : 0;
    changes.push_back(shares.at("b") - shares.at("a"));
    subjects.push_back(clusters.of(subject_of(sample, one.id)));
  }
  if (means.images < least_subjects) return means;
  for (double* value : {&means.area, &means.before, &means.after, &means.difference}) *value /= means.images;
  means.change = mean_difference(changes, subjects);
  return means;
}

// Of the first model, or of a kind of models: their steps by k.
std::string curve_panel(const StudyResults& r, const std::map<int, std::string>& steps, const std::string& title,
                        bool accuracy) {
  LineChart chart;
  chart.title = title;
  chart.x_label = "epoch";
  chart.y_percent = accuracy;
  const auto add = [&](const std::string& step, const Series& series, bool training) {
    const auto found = r.curves.find(step);
    if (found == r.curves.end()) return;
    LineChart::Line line{series, {}, training, false};
    for (const Epoch& e : found->second) {
      const std::optional<double> validation = accuracy ? e.validation_accuracy : e.validation_loss;
      const double value = training ? (accuracy ? e.train_accuracy : e.train_loss)
                                    : validation.value_or(std::numeric_limits<double>::quiet_NaN());
      line.points.emplace_back(e.epoch, value);
    }
    if (!line.points.empty()) chart.lines.push_back(std::move(line));
  };
  if (steps.empty()) {
    add(source_step(r.record), {"training", "var(--b1)"}, true);
    add(source_step(r.record), {"validation", "var(--b5)"}, false);
  }
  for (const int k : r.record.models())
    if (!steps.empty()) add(steps.at(k), {model_name(k), model_colour(k)}, false);
  chart.description = fmt::format("{} curves over the epochs", chart.lines.size());
  const std::string svg = line_chart(chart);
  return svg.empty() ? "" : "<div>" + svg + "</div>";
}

}  // namespace

std::string section_truth(const StudyResults& r) {
  if (!r.record.drawn || r.record.given()) return "";
  const Wording say(r.record);
  std::string text = paragraph(
      say("No real set can show whether the method is right; drawn faces can, because their ground truth is known. In "
          "them {target} never uses the {units} marked <i>never</i> above. Each of them occurs as often in frames with "
          "{target} as in frames without, so that it carries no information about {target}."));
  const RankingRow* ranking = r.ranking_of(r.record.farthest());
  if (ranking && ranking->auc) {
    std::vector<std::string> never;
    for (const auto& unit : ranking->units)
      if (unit.group == "never") never.push_back(fmt::format("{}", unit.number));
    text += paragraph(say(
        "So the right answer to “what may be forgotten?” is AU{}. Sorting the {units} by the loss of {after} matches "
        "it with an AUC of <b>{}</b> (1: all of them lose more than any other; 0.5: chance).",
        enumerate(never), fixed(*ranking->auc, 2)));
  }
  if (ranking && ranking->spearman_bits)
    text += paragraph(
        say("How much {a_unit} tells about {target} is a matter of degree: its " + term("mi", "mutual information") +
                " with {target} in the frames that the {target} models learn from, stray {units} included. The less it "
                "tells, the more of it should be lost. " +
                term("rank", "Rank correlation") +
                " of the loss of {after} with it: Spearman {}, Kendall’s tau-b {} (−1: exactly so; 0: unrelated).",
            signed_fixed(*ranking->spearman_bits, 2), signed_fixed(*ranking->tau_bits, 2)));
  Table table("Share of the positive relevance where the action unit really acts",
              {say("{Source}, {unit}"), say("{target} uses it"), "images", "area", say.before, say.after,
               "change, points" + calibration_flag(calibrate::region_loss), "enrichment", "of difference"},
              2);
  const auto found = r.disagreements.find(r.record.farthest());
  for (const auto& [emotion, units] : r.record.emotion_units) {
    const int index = r.emotion_index(emotion);
    const auto samples = r.samples.find(r.record.farthest());
    const ExplainedSample::Emotion* const sample = samples == r.samples.end() ? nullptr : samples->second.of(emotion);
    if (index < 0 || found == r.disagreements.end()) continue;
    for (const int unit : units) {
      const RegionMeans m = region_means(found->second, sample, index, unit);
      if (m.images < least_subjects || m.area <= 0) continue;
      const bool named = std::any_of(r.record.hypotheses.begin(), r.record.hypotheses.end(),
                                     [&](const Hypothesis& h) { return h.emotion == emotion && h.unit == unit; });
      const std::string group = pain_group(r.record, unit);
      table.row(
          {fmt::format("{}, AU{}", escape(emotion), unit),
           fmt::format("<span style=\"color:{}\">{}</span>", group_colour(group), group),
           m.inverted == 0 ? fmt::format("{}", m.images) : fmt::format("{} of {}", m.images, m.images + m.inverted),
           percent(m.area, 1), percent(m.before, 1), percent(m.after, 1),
           fmt::format("{} ({} to {})", points(m.change.mean), points(m.change.low), points(m.change.high)),
           fmt::format("{} → {}", fixed(m.before / m.area, 2), fixed(m.after / m.area, 2)), percent(m.difference, 1)},
          named ? "strong" : "");
    }
  }
  text += table.empty() ? missing(say("No {unit} of {a_source} is shown by 3 or more of its explained images."))
                        : table.html();
  text += paragraph(say(
      "<span class=\"soft\">Over explained images whose face shows the {unit}, if there are at least 3; those with an "
      "inverted map are left out (“7 of 9”). Enrichment is the share of relevance over the share of area: 1 means "
      "that the model does not prefer the area. The images are those that {before} gets right and {after} wrong, so "
      "a lower share after is to be expected from the choice alone; compare {units} with each other. Intervals are "
      "95 %, clustered by subject.</span>"));
  return section("truth", "Ground truth of the drawn faces", text);
}

std::string section_null(const StudyResults& r) {
  const char* title = "How much do two equal models differ?";
  if (r.record.given()) return "";
  if (r.null.empty()) return section("null", title, missing("No head was re-trained with another seed."));
  std::string text = paragraph(
      "The null: heads re-trained on the same blocks with other seeds. FreezeB0’s losses of recall should be compared "
      "with the variation of FreezeB5 itself.");
  std::vector<std::string> header{"Model"};
  for (const std::string& emotion : r.record.emotions) header.push_back(escape(emotion));
  Table table("Recall over the seeds: mean ± standard deviation (lowest to highest)", header);
  for (const NullRow& row : r.null) {
    std::vector<std::string> cells{fmt::format("{}, {} seeds", model_name(row.k), row.seeds.size())};
    for (const auto& s : row.spreads)
      cells.push_back(fmt::format("{} ± {}<br><span class=\"soft\">{} to {}</span>", fixed(100 * s.mean, 1),
                                  fixed(100 * s.sd, 1), fixed(100 * s.low, 1), fixed(100 * s.high, 1)));
    table.row(std::move(cells));
  }
  text += table.html();
  for (const NullRow& row : r.null) {
    const auto small =
        std::count_if(row.pairs.begin(), row.pairs.end(), [](const auto& p) { return p.test.exact_p < 0.05; });
    text +=
        paragraph(fmt::format("{} against itself: {} of {} McNemar tests (pairs of seeds × {}) have p &lt; 0.05; "
                              "about {} would be expected by chance alone.",
                              model_name(row.k), small, row.pairs.size(), Wording(r.record).sources,
                              fixed(0.05 * double(row.pairs.size()), 1)));
  }
  return section("null", title, text);
}

// Which epoch's weights the trainings kept, by their option; by step where they differ.
std::string kept_epochs(const StudyResults& r) {
  const auto words = [](const std::string& keep) -> std::string {
    if (keep == "loss") return "the epoch of lowest validation loss";
    if (keep == "recall") return "the epoch of highest mean recall on the validation part";
    if (keep == "auc") return "the epoch of highest mean AUC on the validation part";
    return "the last epoch";
  };
  std::map<std::string, std::vector<std::string>> steps;
  for (const auto& [step, options] : r.options)
    if (r.curves.contains(step)) steps[options.contains("keep") ? options.at("keep") : "last"].push_back(step);
  std::vector<std::string> parts;
  for (const auto& [keep, names] : steps)
    parts.push_back(steps.size() == 1 ? words(keep) : fmt::format("{} ({})", words(keep), fmt::join(names, ", ")));
  return parts.empty() ? "" : fmt::format("Kept was {}.", fmt::join(parts, "; "));
}

std::string section_training(const StudyResults& r) {
  if (r.record.given()) return "";
  const Wording say(r.record);
  std::map<int, std::string> targets, heads;
  for (const int k : r.record.models()) targets[k] = target_step(r.record, {k}), heads[k] = model_step("retrain", k);
  std::string panels;
  for (const bool accuracy : {false, true}) {
    const char* what = accuracy ? "accuracy" : "loss";
    panels += curve_panel(r, {}, say("{Source} model, {}", what), accuracy);
    panels += curve_panel(r, targets, say("{Target}, validation {}", what), accuracy);
    panels += curve_panel(r, heads, fmt::format("Re-trained, validation {}", what), accuracy);
  }
  if (panels.empty()) return section("training", "Training", missing("No model has been trained yet."));
  std::vector<Series> series;
  for (const int k : r.record.models()) series.push_back({model_name(k), model_colour(k)});
  return section("training", "Training",
                 figure(legend(series) + "<div class=\"panels\">" + panels + "</div>",
                        say("Loss (" + term("focal", "focal") +
                            ", class-balanced where chosen) and accuracy after each epoch. For the {source} model the "
                            "dashed curve is "
                            "the training part, the solid one validation. ") +
                            kept_epochs(r)));
}

std::string section_methods(const StudyResults& r) {
  const Wording say(r.record);
  std::string items;
  const auto item = [&](const std::string& text) { items += "<li>" + text + "</li>\n"; };
  if (say.given) {
    item(
        "The page compares two networks. Why they differ it cannot say: one training, chance in it, or something "
        "else.");
    item(
        "A probe shows what can be read from the last block by a linear function. What is lost to it may still be "
        "there "
        "in another form.");
  } else {
    item("“Before” is the re-trained FreezeB5, never the original network: both heads were trained in the same way.");
  }
  item(say(
      "Random halvings of the same images are not independent, so the plain paired t-test over the repeats "
      "overstates its certainty{}.",
      say.papers ? ", here and in the paper; on the corrected scale the paper’s t of −13.13 and −9.33 would be about "
                   "−0.6 and −0.4"
                 : ""));
  if (!r.record.hypotheses.empty()) {
    item("Holm’s correction is applied within the hypotheses and, separately, within all exploratory tests.");
    item(
        say("The hypotheses were declared in the configuration. If they were edited after viewing these same images, "
            "their tests are on other images, but the choice was still guided by this set of {sources}."));
  }
  if (!say.given)
    item(
        "One study is one seed of everything. An effect should be assessed over several: <code>scripts/seeds</code> "
        "runs "
        "the demo’s study with three and prints mean and spread; its <code>--only-table</code> does so for any "
        "studies.");
  if (r.record.from_scratch)
    item(say("The {source} network started from random weights, not from ImageNet, so its features are less general{}.",
             say.papers ? " than the paper’s" : ""));
  if (r.record.drawn)
    item(
        "Drawn faces are far simpler than photographs; they test whether the method finds a known ground truth, not "
        "how "
        "people look.");
  if (say.papers) {
    item(
        "The paper does not say which epoch of a training it kept, nor how the layers of a new head began. Here an "
        "option says the one (see Training; the last by default), and a new head on given convolutions begins with "
        "outputs of variance 1 and a last layer of zeros.");
    item(
        "The paper’s figures are from arXiv 2104.07389 (its Table 1 and text), on AffectNet, UNBC-McMaster and CK+. "
        "Its "
        "Figures 4 to 7 give no numbers.");
  }
  return section("methods", "How to read this", "<ul>" + items + "</ul>");
}

}  // namespace palimpsest::experiments::report
