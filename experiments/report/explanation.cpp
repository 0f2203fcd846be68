// The gallery, the concept tests, the action units and the truth of drawn faces.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg.h"

namespace palimpsest {

namespace {

nlohmann::json read_json(const fs::path& path) {
  try {
    return nlohmann::json::parse(read_file(path));
  } catch (const nlohmann::json::exception&) {
    throw Error(fmt::format("{} is not usable JSON", path.string()), "run the study's step again with --redo");
  }
}

std::string gallery_case(const fs::path& folder, const nlohmann::json& entry, int k) {
  std::string images;
  const std::string id = entry.at("id");
  for (const auto& [key, words] : {std::pair{"input", "image"},
                                   {"a", "relevance in FreezeB5"},
                                   {"b", "relevance after fine-tuning"},
                                   {"difference", "difference"}})
    if (entry.contains(key))
      images += picture((folder / entry.at(key).get<std::string>()).string(), fmt::format("{} of {}", words, id));
  return fmt::format("<div class=\"case\"><div>{}</div><p>image, B5, B{}, difference &middot; {}</p></div>", images, k,
                     escaped(fs::path(id).filename().string().substr(0, 12)));
}

// Mean share of positive relevance in each action unit's mask, over the explained images that show the unit's emotion.
struct UnitRelevance {
  double area = 0, before = 0, after = 0;
  int images = 0;
};

std::map<int, UnitRelevance> unit_relevance(const StudyFiles& study, int k) {
  std::map<int, UnitRelevance> units;
  const fs::path folder = study.folder / model_step("explain", k);
  if (!fs::exists(folder / "regions.json")) return units;
  std::map<std::string, int> label_of;
  for (const auto& entry : read_json(folder / "pictures/index.json")) label_of[entry.at("id")] = entry.at("label");
  for (const auto& image : read_json(folder / "regions.json")) {
    const auto label = label_of.find(image.at("id").get<std::string>());
    if (label == label_of.end()) continue;
    const auto own = study.record.emotion_units.find(study.record.emotions[std::size_t(label->second)]);
    if (own == study.record.emotion_units.end()) continue;
    for (const auto& [number, share] : image.at("au").items()) {
      const int unit = std::stoi(number);
      if (std::count(own->second.begin(), own->second.end(), unit) == 0 || !share.contains("b")) continue;
      auto& u = units[unit];
      u.area += share.at("area").get<double>();
      u.before += share.at("a").get<double>();
      u.after += share.at("b").get<double>();
      ++u.images;
    }
  }
  for (auto& [number, u] : units) {
    u.area /= u.images;
    u.before /= u.images;
    u.after /= u.images;
  }
  return units;
}

std::string group_of(const StudyRecord& record, int unit) {
  const auto in = [&](const std::vector<int>& units) { return std::count(units.begin(), units.end(), unit) > 0; };
  return in(record.pain_units) ? "core" : in(record.pain_sometimes_units) ? "now and then" : "never";
}

std::string concept_name(const ConceptRow& row) {
  return fmt::format("AU{}{}{}", row.unit, row.bottom_cut ? ", bottom cut" : "", row.hypothesis ? " *" : "");
}

std::string paper_concept(const ConceptRow& row) {
  if (row.k != 0 || !row.hypothesis) return "";
  if (row.unit == 14) return "<span class=\"paper\">72.41 / 74.13, t = -13.13, p = 4.88e-34</span>";
  if (row.unit == 5 && row.bottom_cut) return "<span class=\"paper\">83.87 / 84.36, t = -9.33, p = 3.49e-19</span>";
  return "";
}

std::string ranking_text(const StudyFiles& study) {
  std::vector<std::vector<std::string>> rows{{"model", "lost: never used by pain", "used now and then", "core of pain",
                                              "ranking AUC, never against all", "never against core"}};
  for (const auto& row : study.ranking) {
    const auto mean = [&](const char* group) {
      const auto at = row.mean_lost.find(group);
      return at == row.mean_lost.end() ? std::string("none") : fmt::format("{:.3f}", at->second);
    };
    const auto number = [](const std::optional<double>& v) {
      return v ? fmt::format("{:.2f}", *v) : std::string("none");
    };
    rows.push_back({fmt::format("FreezeB{}", row.k), mean("never"), mean("sometimes"), mean("core"), number(row.auc),
                    number(row.auc_core)});
  }
  return table(
      "Mean AUC of the linear SVMs lost since FreezeB5, by how pain uses the action unit. Ranking AUC: the chance that "
      "a unit which pain never uses lost more than another (.5: no difference).",
      rows);
}

}  // namespace

std::string gallery_section(const StudyFiles& study) {
  std::string body =
      "<p>Test images that FreezeB5 gets right and the fine-tuned model gets wrong. Relevance of the true class: "
      "bright means much. In the difference, red is where FreezeB5 looked and the other does not any more, blue the "
      "reverse.</p>";
  bool any = false;
  for (const int k : {0, 1, 2, 3, 4}) {
    const fs::path folder = study.folder / model_step("explain", k) / "pictures";
    if (!fs::exists(folder / "index.json")) continue;
    const auto index = read_json(folder / "index.json");
    std::map<int, std::vector<const nlohmann::json*>> by_label;
    for (const auto& entry : index) by_label[entry.at("label")].push_back(&entry);
    const int most = k == 0 ? study.record.report_pictures : 0;
    std::string cases, counts;
    for (const auto& [label, entries] : by_label) {
      const auto& name = study.record.emotions[std::size_t(label)];
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", escaped(name), entries.size());
      const bool named = std::any_of(study.record.hypotheses.begin(), study.record.hypotheses.end(),
                                     [&](const Hypothesis& h) { return h.emotion == name; });
      if (most == 0 || entries.empty()) continue;
      cases += fmt::format("<h3>{}, FreezeB5 against FreezeB{}: {} of {} images</h3><div class=\"gallery\">",
                           escaped(name), k, std::min(entries.size(), std::size_t(named ? most : 2)), entries.size());
      for (std::size_t i = 0; i < std::min(entries.size(), std::size_t(named ? most : 2)); ++i)
        cases += gallery_case(folder, *entries[i], k);
      cases += "</div>";
      any = true;
    }
    body += cases + fmt::format("<p class=\"soft\">Explained for FreezeB{}: {}. All are in {}.</p>", k,
                                counts.empty() ? "no image" : counts, escaped(model_step("explain", k) + "/pictures"));
  }
  if (!any) body += "<p>There is no image that FreezeB5 gets right and FreezeB0 wrong.</p>";
  return section("gallery", "What did it stop looking at?", body);
}

std::string concept_section(const StudyFiles& study) {
  std::vector<std::vector<std::string>> rows{{"action unit", "model", "shown in", "F1 %: FreezeBk", "FreezeB5",
                                              "difference", "95 % interval", "AUC: Bk", "B5", "paired t: p",
                                              "corrected t: p", "Holm (corrected)", "the paper's F1 Bk / B5"}};
  for (const bool hypothesis : {true, false})
    for (const auto& row : study.concepts) {
      if (row.hypothesis != hypothesis || (!hypothesis && row.k != 0)) continue;
      rows.push_back(
          {concept_name(row), fmt::format("FreezeB{}", row.k), fmt::format("{} of {}", row.positives, row.images),
           percent(row.f1_after), percent(row.f1_before), fmt::format("{:+.2f}", 100 * row.difference),
           fmt::format("{:+.1f} to {:+.1f}", 100 * row.low, 100 * row.high), fmt::format("{:.3f}", row.auc_after),
           fmt::format("{:.3f}", row.auc_before), p_value(row.paired.p), p_value(row.corrected.p),
           p_value(row.holm_corrected), paper_concept(row)});
    }
  std::string plots;
  for (const auto& h : study.record.hypotheses) {
    const fs::path file = study.folder / concept_step(h.unit, false) / "concept.json";
    if (!fs::exists(file)) continue;
    std::map<std::string, std::vector<double>> f1;
    for (const auto& set : read_json(file).at("sets"))
      if (set.contains("f1")) f1[set.at("file")] = set.at("f1").get<std::vector<double>>();
    if (!f1.contains("FreezeB0") || !f1.contains("FreezeB5")) continue;
    Series s{"FreezeB0 minus FreezeB5", {}, {}};
    for (std::size_t i = 0; i < f1["FreezeB0"].size(); ++i) s.values.push_back(f1["FreezeB0"][i] - f1["FreezeB5"][i]);
    plots += histograms(fmt::format("AU{}: difference of the mean F1 of two folds, over {} halvings of the same images",
                                    h.unit, s.values.size()),
                        {s}, "F1 of FreezeB0 minus F1 of FreezeB5");
  }
  return section("concepts", "Is the action unit still in the features?",
                 "<p>A linear SVM tells from the last block&rsquo;s output whether an action unit is shown in a peak "
                 "frame. * a hypothesis of the config; the others are exploratory. The halvings are not independent, "
                 "so the plain paired t overstates: the corrected test (Nadeau and Bengio) stands beside it.</p>" +
                     table("Concept tests: all models for the hypotheses, FreezeB0 for the others", rows) + plots +
                     ranking_text(study));
}

std::string units_section(const StudyFiles& study) {
  const auto relevance = unit_relevance(study, 0);
  std::vector<std::vector<std::string>> rows{{"action unit", "shown in the emotions", "used by pain"}};
  if (!relevance.empty()) rows[0].insert(rows[0].end(), {"images", "area %", "relevance % in it: B5", "B0", "change"});
  std::map<int, std::vector<std::string>> emotions_of;
  for (const auto& [emotion, units] : study.record.emotion_units)
    for (const int unit : units) emotions_of[unit].push_back(emotion);
  for (const int unit : study.record.pain_units) emotions_of[unit];
  for (const auto& [unit, emotions] : emotions_of) {
    std::vector<std::string> row{fmt::format("AU{}", unit), escaped(fmt::format("{}", fmt::join(emotions, ", "))),
                                 group_of(study.record, unit)};
    const auto at = relevance.find(unit);
    if (at != relevance.end()) {
      const auto& u = at->second;
      const std::string change = fmt::format("{:+.1f}", 100 * (u.after - u.before));
      row.insert(row.end(), {fmt::format("{}", u.images), percent(u.area), percent(u.before), percent(u.after),
                             u.after < u.before ? "<span class=\"fell\">" + change + "</span>" : change});
    }
    rows.push_back(row);
  }
  const std::string truth =
      study.record.drawn
          ? "<p>These faces were drawn, so it is known which action units make an emotion, that pain never uses some "
            "of them, and where on each face each one acts. The right columns say how much of the positive relevance "
            "lies in that area, over the explained images of the unit&rsquo;s emotions; beside it the area&rsquo;s "
            "share of the image, which is what a map without preference would score.</p>"
          : "<p class=\"soft\">Where on a face an action unit acts is known for drawn faces only, so nothing is said "
            "of relevance per unit here.</p>";
  return section(
      "units", "Which action units?",
      truth + table("Action units of emotions and of pain, and what FreezeB0 attends to (the paper's Figure 6)", rows));
}

}  // namespace palimpsest
