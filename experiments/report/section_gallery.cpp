// Images that "before" gets right and another model wrong, with both relevance maps and their difference (Figure 5).
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>

#include "experiments/report/csv_files.h"
#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

std::string image(const fs::path& file, const std::string& alternative) {
  if (file.empty() || !fs::exists(file)) return "<div class=\"missing\">no picture</div>";
  return fmt::format("<img alt=\"{}\" src=\"data:image/png;base64,{}\">", escape(alternative), base64(read_file(file)));
}

// The last part of an id. AffectNet's are hashes, whose middle is omitted.
std::string short_name(const std::string& id) {
  const std::string name = id.substr(id.rfind('/') + 1);
  const std::string shown = name.size() > 28 ? name.substr(0, 8) + "…" + name.substr(name.size() - 10) : name;
  return fmt::format("<abbr title=\"{}\">{}</abbr>", escape(id), escape(shown));
}

std::string circles(const std::vector<Ellipse>& ellipses, const std::string& label) {
  std::string text = fmt::format("<svg viewBox=\"0 0 100 100\" role=\"img\"><title>{}</title>", escape(label));
  for (const Ellipse& e : ellipses)
    text += fmt::format("<ellipse cx=\"{:.1f}\" cy=\"{:.1f}\" rx=\"{:.1f}\" ry=\"{:.1f}\"/>", 100 * e.x, 100 * e.y,
                        100 * e.rx, 100 * e.ry);
  return text + "</svg>";
}

// The action units to circle: those of the hypotheses about this emotion, otherwise those that make it and pain never
// uses; of these the ones that the face shows.
std::vector<int> units_to_circle(const StudyResults& r, const Disagreement& one, const std::string& emotion) {
  if (!one.truth) return {};
  std::vector<int> wanted, shown;
  for (const Hypothesis& h : r.record.hypotheses)
    if (h.emotion == emotion) wanted.push_back(h.unit);
  const auto used_by_pain = [&r](int unit) {
    const auto& core = r.record.pain_units;
    const auto& others = r.record.pain_sometimes_units;
    return std::find(core.begin(), core.end(), unit) != core.end() ||
           std::find(others.begin(), others.end(), unit) != others.end();
  };
  if (const auto units = r.record.emotion_units.find(emotion); wanted.empty() && units != r.record.emotion_units.end())
    std::copy_if(units->second.begin(), units->second.end(), std::back_inserter(wanted), std::not_fn(used_by_pain));
  for (const int unit : wanted)
    if (one.truth->areas.contains(unit)) shown.push_back(unit);
  return shown;
}

std::string logit_note(const std::optional<double>& logit) {
  if (!logit) return "";
  if (*logit > 0) return fmt::format(", logit {}", fixed(*logit, 1));
  return fmt::format("<br><span class=\"inverted\">logit {}: its map is inverted</span>", fixed(*logit, 2));
}

std::string face(const StudyResults& r, const Disagreement& one, const std::string& emotion, int k) {
  const auto units = units_to_circle(r, one, emotion);
  std::vector<Ellipse> ellipses;
  std::string names;
  for (const int unit : units) {
    const auto& areas = one.truth->areas.at(unit);
    ellipses.insert(ellipses.end(), areas.begin(), areas.end());
    names += (names.empty() ? "" : ", ") + concept_name(r.record, unit);
  }
  const std::string ring = ellipses.empty() ? "" : circles(ellipses, "true area of " + names);
  std::string caption = short_name(one.id);
  if (one.truth && !one.truth->shown.empty()) {
    caption += " · shows AU";
    for (const int unit : one.truth->shown) caption += fmt::format(" {}", unit);
  }
  if (!names.empty()) caption += " · circled: " + names;
  const auto cell = [&](const fs::path& file, const std::string& name, bool with_ring, const std::string& note = "") {
    return fmt::format("<div>{}{}<span>{}{}</span></div>", image(file, emotion + ", " + name), with_ring ? ring : "",
                       name, note);
  };
  return fmt::format(
      "<figure class=\"face\">{}{}{}{}{}{}<figcaption>{}</figcaption></figure>\n", cell(one.input, "image", true),
      cell(one.before, model_name(r.record.before()), false, logit_note(one.logit_before)),
      cell(one.after, model_name(k), false, logit_note(one.logit_after)), cell(one.difference, "raw difference", true),
      cell(one.normalised, "raw, to [0, 1]", false), cell(one.of_shares, "difference of shares", true), caption);
}

std::string emotion_block(const StudyResults& r, int k, int emotion, std::int64_t total,
                          const std::vector<const Disagreement*>& list, int limit) {
  const std::string& name = r.record.emotions[std::size_t(emotion)];
  const std::size_t shown = std::min(list.size(), std::size_t(limit));
  std::string which = list.size() < std::size_t(total) ? fmt::format("; {} of {} explained", list.size(), total) : "";
  if (shown < list.size()) which += fmt::format("; {} of {} shown", shown, list.size());
  const auto inverted = std::ranges::count_if(list, &Disagreement::inverted);
  if (inverted > 0) which += fmt::format("; an inverted map in {}", inverted);
  std::string text = fmt::format("<h3>{}</h3>", escape(name));
  text += paragraph(fmt::format("<span class=\"soft\">{} that {} gets right and {} wrong{}.</span>",
                                count(total, "image", "images"), model_name(r.record.before()), model_name(k), which));
  text += "<div class=\"faces\">";
  for (std::size_t i = 0; i < shown; ++i) text += face(r, *list[i], name, k);
  return text + "</div>\n";
}

// A block for each emotion in which the two models disagree, and one line for the others.
std::string emotion_blocks(const StudyResults& r, int k, const std::set<int>& emotions, int limit) {
  std::string text;
  std::vector<std::string> none;
  for (const int emotion : emotions) {
    const std::string& name = r.record.emotions[std::size_t(emotion)];
    std::vector<const Disagreement*> list;
    for (const Disagreement& one : r.disagreements.at(k))
      if (one.label == emotion) list.push_back(&one);
    const McNemarRow* row = r.mcnemar_of(k, name);
    const std::int64_t total = std::max<std::int64_t>(std::int64_t(list.size()), row ? row->test.b : 0);
    if (total == 0)
      none.push_back(escape(name));
    else
      text += emotion_block(r, k, emotion, total, list, limit);
  }
  if (!none.empty())
    text += paragraph(fmt::format("<span class=\"soft\">No image of {} that {} gets right and {} wrong.</span>",
                                  enumerate(none), model_name(r.record.before()), model_name(k)));
  return text;
}

}  // namespace

namespace {

// Of the images shown and explained: how they were chosen.
std::string sampling_note(const StudyResults& r) {
  if (r.samples.empty()) return "";
  bool subjects = false;
  for (const auto& [k, sample] : r.samples)
    for (const auto& emotion : sample.emotions)
      subjects |= std::ranges::any_of(emotion.images, [](const auto& image) { return !image.subject.empty(); });
  return paragraph(Wording(r.record)(
      "Where not all images are explained or shown, they are a random sample of those of the {source} and the model, "
      "drawn with seed {}{}.",
      r.samples.begin()->second.seed,
      subjects ? " and spread over subjects: none has two before every other has one"
               : "; their subjects are not known"));
}

// The totals of both maps, which is why raw differences mislead, and how many maps are inverted.
std::string totals_note(const StudyResults& r) {
  double before = 0, after = 0;
  int images = 0, inverted = 0;
  for (const Disagreement& one : r.disagreements.at(r.record.farthest())) {
    if (!one.total_before || !one.total_after || !one.logit_before) continue;
    inverted += one.inverted() ? 1 : 0;
    if (one.inverted()) continue;
    ++images, before += *one.total_before, after += *one.total_after;
  }
  std::string text;
  if (images > 0)
    text += Wording(r.record)(
        "The maps of {before} sum to {} on average, those of {after} to {}: the images are those that only {before} "
        "gets right, so its logits are larger, and raw differences are mostly of one sign for that reason alone. The "
        "difference of "
        "shares divides each map by its total first. ",
        fixed(before / images, 1), fixed(after / images, 1));
  if (inverted > 0)
    text += fmt::format(
        "In {} of {} images a model’s logit of the true class is not positive. Its map is then <b>inverted</b>: what "
        "speaks for the class is negative. These images are marked, and are in no mean on this page.",
        inverted, images + inverted);
  return text.empty() ? "" : paragraph(text);
}

}  // namespace

std::string section_gallery(const StudyResults& r) {
  const Wording say(r.record);
  const int k = r.record.farthest();
  std::string text = paragraph(
      say("<a class=\"term\" href=\"#word-lrp\">Layer-wise relevance propagation</a> of the <b>true</b> class, for "
          "images that {before} gets right and the other model wrong. Each map is normalised separately (bright: "
          "relevant). The raw difference is the map of {before} minus that of the other: <b>red</b> where {before} "
          "attends more, <b>blue</b> where less, white where they agree. Beside it is the same scaled to [0, 1]{}, and "
          "the difference of the maps’ shares, in the colours of the first.",
          say.papers ? ", as the paper shows it" : ""));
  if (r.record.drawn)
    text += paragraph(
        say("These faces are drawn, so the area of each {unit} is known: white ellipses mark those of the {source}’s "
            "hypothesis, or else those of the {source} that {target} never uses, where the face really shows them."));
  if (!r.disagreements.contains(k))
    return section("gallery", "What the models look at", text + missing("Nothing has been explained yet."));
  text += totals_note(r) + sampling_note(r) + map_ranking(r);
  std::set<int> named;  // expanded: the hypotheses' emotions, and what was lost
  for (const Hypothesis& h : r.record.hypotheses) named.insert(r.emotion_index(h.emotion));
  for (const McNemarRow& row : r.mcnemar)
    if (row.k == k && row.holm < 0.05 && row.test.b > row.test.c) named.insert(r.emotion_index(row.emotion));
  named.erase(-1);
  std::set<int> others;
  for (int emotion = 0; emotion < int(r.record.emotions.size()); ++emotion)
    if (!named.contains(emotion)) others.insert(emotion);
  text += emotion_blocks(r, k, named, r.record.report_pictures);
  if (!others.empty())
    text += details(say("{Before} against {after}, the other {sources}"),
                    emotion_blocks(r, k, others, r.record.report_pictures));
  std::string models;
  for (const int other : r.record.after())
    if (other != k && r.disagreements.contains(other))
      models = details(say("{Before} against {}", model_name(other)),
                       emotion_blocks(r, other, named, std::min(2, r.record.report_pictures))) +
               models;
  return section("gallery", "What the models look at",
                 text + models + data_link(r, "../" + model_step("explain", k) + "/explained.csv"));
}

}  // namespace palimpsest::experiments::report
