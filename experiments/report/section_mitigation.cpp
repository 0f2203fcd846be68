// Ways to forget less: what each costs in the target's recall and saves of the source.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/svg_charts.h"

namespace palimpsest::experiments::report {

namespace {

std::string arm_title(const Mitigation& m, const std::string& arm) {
  if (arm == "drop-classes") return fmt::format("first training without {}", enumerate(m.dropped));
  if (arm == "l2-sp") return fmt::format("L2-SP, α = {}", m.l2_sp);
  return fmt::format("rehearsal, {} a step", count(m.rehearse_images, "image", "images"));
}

std::string short_title(const std::string& arm) {
  return arm == "l2-sp" ? "L2-SP" : arm == "rehearsal" ? "rehearsal" : "classes left out";
}

const char* explanation(const std::string& arm) {
  if (arm == "drop-classes")
    return "The first training left out some classes, as the paper suggests: by default those of the hypotheses.";
  if (arm == "l2-sp") return "The weights decay towards those of the first network (Li, Grandvalet and Davoine 2018).";
  return "Images of the first task are shown beside the new ones, through its own head (Robins 1995).";
}

const char* arm_colour(const std::string& arm) {
  return arm == "l2-sp" ? "var(--core)" : arm == "rehearsal" ? "var(--theirs)" : "var(--never)";
}

std::string chart_of(const Mitigation& m) {
  LineChart chart;
  chart.title = "Recall of the target against what is left of the source";
  chart.x_label = "recall of the target, mean of its classes";
  chart.y_label = "mean AUC of the source";
  chart.width = 620;
  chart.height = 380;
  LineChart::Line six{{"FreezeB5 to FreezeB0", "var(--sometimes)"}, {}, false, true, {}};
  std::vector<LineChart::Line> arms;
  for (const MitigatedModel& model : m.models) {
    const std::string name = model.arm.empty() ? model_name(model.k) : short_title(model.arm);
    chart.description +=
        fmt::format("{}: recall {}, AUC {}. ", name, fixed(model.recall, 3), fixed(model.auc.value, 3));
    if (!model.arm.empty()) {
      arms.push_back(
          {{short_title(model.arm), arm_colour(model.arm)}, {{model.recall, model.auc.value}}, false, true, {name}});
      chart.rings.emplace_back(model.recall, model.auc.value);
    } else {
      six.points.emplace_back(model.recall, model.auc.value);
      six.names.push_back(fmt::format("B{}", model.k));
    }
  }
  chart.lines.push_back(std::move(six));
  chart.lines.insert(chart.lines.end(), arms.begin(), arms.end());
  std::vector<Series> series;
  for (const auto& line : chart.lines) series.push_back(line.series);
  return figure(legend(series) + "<div class=\"chart\">" + line_chart(chart) + "</div>",
                "Better is up and to the right. The line joins the six models in the order of their frozen blocks; "
                "ringed: all blocks trained, with a way to forget less.",
                "medium");
}

std::string interval(const analysis::Estimate& e) {
  return fmt::format("{}<br><span class=\"soft\">{} to {}</span>", signed_fixed(e.value, 3), signed_fixed(e.low, 3),
                     signed_fixed(e.high, 3));
}

std::string model_table(const Mitigation& m) {
  std::vector<std::string> header{"Model"};
  for (const std::string& name : m.target_classes) header.push_back("recall<br>" + escape(name));
  for (const char* more : {"recall,<br>mean", "against B0", "AUC,<br>mean", "against B0"}) header.emplace_back(more);
  Table table("What each costs and saves", header);
  for (const MitigatedModel& model : m.models) {
    std::vector<std::string> cells{model.arm.empty() ? model_name(model.k)
                                                     : "FreezeB0, " + escape(arm_title(m, model.arm))};
    for (const double recall : model.recalls) cells.push_back(percent(recall, 1));
    cells.push_back(percent(model.recall, 1));
    cells.push_back(model.recall_gained ? interval(*model.recall_gained) : "–");
    cells.push_back(fixed(model.auc.value, 3));
    cells.push_back(model.auc_gained ? interval(*model.auc_gained) : "–");
    table.row(std::move(cells), model.arm.empty() ? "" : "strong");
  }
  return table.html();
}

std::string class_table(const Mitigation& m) {
  std::vector<std::string> header{"Model"};
  for (const auto& one : m.models.front().classes) header.push_back(escape(one.name));
  Table table("AUC of each class of the source, with its 95 % interval; an arm’s difference from FreezeB0 below",
              header);
  for (const MitigatedModel& model : m.models) {
    std::vector<std::string> cells{model.arm.empty() ? model_name(model.k)
                                                     : "FreezeB0, " + escape(arm_title(m, model.arm))};
    for (const auto& one : model.classes)
      cells.push_back(fmt::format("{}<br><span class=\"soft\">{} to {}</span>", fixed(one.auc.value, 3),
                                  fixed(one.auc.low, 3), fixed(one.auc.high, 3)) +
                      (one.auc_gained ? "<br>" + interval(*one.auc_gained) : ""));
    table.row(std::move(cells));
  }
  return table.html();
}

// How much of what FreezeB0 lost an arm saves, and at which cost.
std::string verdict(const Mitigation& m, const MitigatedModel& arm) {
  const auto b5 = std::ranges::find(m.models, most_frozen, &MitigatedModel::k);
  const MitigatedModel* b0 = m.freeze_b0();
  if (b5 == m.models.end() || !b0 || !arm.auc_gained || !arm.recall_gained) return {};
  const double lost = b5->auc.value - b0->auc.value;
  const auto noise = [](const analysis::Estimate& e) { return e.low <= 0 && e.high >= 0; };
  std::string text =
      fmt::format("<b>{}</b>: mean AUC {}", escape(short_title(arm.arm)), signed_fixed(arm.auc_gained->value, 3));
  if (noise(*arm.auc_gained))
    text += ", within its noise";
  else if (lost > 0)
    text += fmt::format(", {} of the {} that FreezeB0 lost", percent(arm.auc_gained->value / lost), fixed(lost, 3));
  return text + fmt::format("; recall of the target {} points{}", points(arm.recall_gained->value),
                            noise(*arm.recall_gained) ? ", within its noise." : ".");
}

}  // namespace

std::string section_mitigation(const StudyResults& r) {
  if (!r.mitigation || r.mitigation->models.empty()) return "";
  const Mitigation& m = *r.mitigation;
  std::string items;
  for (const MitigatedModel& model : m.models)
    if (!model.arm.empty()) items += "<li>" + verdict(m, model) + " " + explanation(model.arm) + "</li>";
  std::string text = paragraph(
      "FreezeB0 again, each time with one way to forget less. The AUC is a linear probe’s on the last block’s "
      "features, mean of the classes of the source; the probe has seen all of them.");
  text += "<ul>" + items + "</ul>" + chart_of(m) + model_table(m);
  std::string caution =
      "Intervals and differences are over the test images, in pairs. Each arm is one run: another one, from another "
      "seed, would differ by more than the interval says.";
  if (const MitigatedModel* b0 = m.freeze_b0(); b0 && !b0->other_aucs.empty()) {
    std::vector<double> all = b0->other_aucs;
    all.push_back(b0->auc.value);
    const auto [low, high] = std::ranges::minmax(all);
    caution += fmt::format(" The mean AUC of the {} runs of FreezeB0 goes from {} to {}.", all.size(), fixed(low, 3),
                           fixed(high, 3));
  }
  return section("mitigation", "Can it be avoided?",
                 text + paragraph(caution) + details("Each class of the source", class_table(m)));
}

}  // namespace palimpsest::experiments::report
