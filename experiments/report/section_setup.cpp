// What was run: the design in a few sentences, the data, every option.
#include <fmt/format.h>

#include <set>

#include "experiments/report/html.h"
#include "experiments/report/sections.h"
#include "experiments/report/wording.h"

namespace palimpsest::experiments::report {

namespace {

std::string design(const StudyResults& r, const Wording& say) {
  if (say.given)
    return paragraph(
        "Two networks were given, <b>before</b> and <b>after</b> a training of which this page knows nothing else. "
        "Neither was trained further and their heads were not used: linear probes were fitted to the output of the "
        "last "
        "convolution block of each, in the same way. The relevance maps start at these probes.");
  return paragraph(say(
             "One network learns to recognise {sources}. Six copies of it learn {target}; copy "
             "<b>FreezeB<i>k</i></b> may not change its first <i>k</i> of five convolution blocks. Then all five "
             "blocks "
             "of each are fixed and a new {source} head is trained on them. FreezeB5 still has the blocks of the "
             "{source} network, so it is the “before”; FreezeB0, whose blocks were all free, is the farthest “after”. "
             "The six re-trained models differ only in what learning {target} did to the blocks.")) +
         paragraph(say("The {source} network was trained {}. Seed {}.",
                       !r.record.from_scratch
                           ? say.papers ? "from given weights, as in the paper" : "from given weights"
                       : say.papers ? "from scratch, where the paper starts from ImageNet weights"
                                    : "from scratch",
                       r.record.seed));
}

std::string data_table(const StudyResults& r) {
  Table table("Images in each part", {"Part", "Images", "By class"}, 3);
  for (const auto& part : r.record.parts) {
    std::int64_t total = 0;
    std::string classes;
    for (const auto& [name, n] : part.classes) {
      total += n;
      classes += fmt::format("{}{} {}", classes.empty() ? "" : ", ", escape(name), n);
    }
    table.row({escape(part.name), fmt::format("{}", total), "<span class=\"wrap\">" + classes + "</span>"});
  }
  if (!r.record.units.empty())
    table.row({"concepts", fmt::format("{}", r.record.units.front().images),
               Wording(r.record)("{} {units} occur", r.record.units.size())});
  return table.html();
}

// The options of each kind of training, as actually run; only those shared by models of a kind.
std::string training_table(const StudyResults& r, const Wording& say) {
  const std::string target = target_step(r.record, {most_frozen});
  const std::vector<std::pair<std::string, std::string>> steps{
      {source_step(r.record), say("{Source} model")},
      {target, say("{Target} models")},
      {model_step("retrain", most_frozen), "Re-trained heads"}};
  Table table("How each kind of model was trained", {"Option", steps[0].second, steps[1].second, steps[2].second});
  std::set<std::string> keys;
  for (const auto& [step, name] : steps)
    if (const auto found = r.options.find(step); found != r.options.end())
      for (const auto& [key, value] : found->second) keys.insert(key);
  for (const std::string& key : keys) {
    std::vector<std::string> cells{escape(key)};
    for (const auto& [step, name] : steps) {
      const auto found = r.options.find(step);
      const bool known = found != r.options.end() && found->second.contains(key);
      std::string value = known ? found->second.at(key) : "";
      if (key == "freeze" && step == target) value = "0 to 5";
      cells.push_back(value.empty()       ? "<span class=\"soft\">–</span>"
                      : value.size() > 24 ? fmt::format("<span class=\"wrap\">{}</span>", escape(value))
                                          : escape(value));
    }
    table.row(std::move(cells));
  }
  return table.empty() ? missing("No model has been trained yet.") : table.html();
}

std::string pairs_table(const char* caption, const std::vector<std::pair<std::string, std::string>>& pairs) {
  Table table(caption, {"Key", "Value"}, 2);
  for (const auto& [key, value] : pairs)
    table.row({escape(key), value.empty() ? "<span class=\"soft\">not set</span>"
                                          : fmt::format("<span class=\"wrap\">{}</span>", escape(value))});
  return table.empty() ? "" : table.html();
}

}  // namespace

std::string section_setup(const StudyResults& r) {
  const Wording say(r.record);
  std::vector<std::string> sets{say("{sources} from <code>{}</code>", escape(r.record.emotion))};
  if (!say.given) sets.push_back(say("{target} from <code>{}</code>", escape(r.record.pain)));
  if (!r.record.concepts.empty()) sets.push_back(say("{units} from <code>{}</code>", escape(r.record.concepts)));
  std::string text = design(r, say) + paragraph(fmt::format("Data: {}.", enumerate(sets)));
  for (const std::string& warning : r.record.warnings) text += missing("Note: " + escape(warning));
  if (!r.record.machines.empty())
    text +=
        paragraph(fmt::format("Computed with {}. Another processor may round otherwise; the same seed then makes "
                              "another network.",
                              escape(enumerate(r.record.machines))));
  text += data_table(r);
  if (!say.given) text += details("Training options", training_table(r, say));
  text += details(say.given ? "Every option" : "Every value of the config",
                  pairs_table("Every option of the study", r.record.values));
  text += details("Choices made while reading the data", pairs_table("By the data sets’ readers", r.record.choices));
  return section("setup", "What was run", text);
}

}  // namespace palimpsest::experiments::report
