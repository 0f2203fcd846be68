#include "experiments/study/named_concepts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/progress.h"
#include "experiments/representation/concept_labels.h"

namespace palimpsest::experiments {

data::Dataset with_concepts(data::Dataset set, const fs::path& csv, std::vector<std::string>& names) {
  std::vector<std::string> ids;
  for (const data::Sample& sample : set.samples) ids.push_back(sample.id);
  const std::vector<ConceptLabels> concepts = concepts_of_csv(csv, ids);
  data::Dataset labelled = set;
  labelled.samples.clear();
  for (std::size_t i = 0; i < set.samples.size(); ++i) {
    if (std::ranges::any_of(concepts, [&](const ConceptLabels& c) { return c.labels[i] < 0; })) continue;
    data::Sample& sample = labelled.samples.emplace_back(std::move(set.samples[i]));
    sample.action_units.clear();
    for (std::size_t c = 0; c < concepts.size(); ++c)
      if (concepts[c].labels[i] == 1) sample.action_units.push_back({int(c) + 1, 1});
  }
  if (labelled.samples.empty())
    throw Error(fmt::format("{} leaves a concept open for every image", csv.string()), "write 1 or 0 for all concepts");
  if (const auto open = ids.size() - labelled.samples.size(); open > 0)
    remark(fmt::format("{} of {} images are in no concept test: {} does not say 1 or 0 of every concept.", open,
                       ids.size(), csv.string()));
  names.clear();
  for (const ConceptLabels& one : concepts) names.push_back(one.name);
  return labelled;
}

}  // namespace palimpsest::experiments
