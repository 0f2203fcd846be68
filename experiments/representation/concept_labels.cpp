#include "experiments/representation/concept_labels.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/csv.h"
#include "base/error.h"
#include "base/progress.h"
#include "data/pictures.h"

namespace palimpsest::experiments {

namespace {

std::vector<ConceptLabels> of_action_units(const data::Examples& examples) {
  const auto* const pictures = dynamic_cast<const data::Pictures*>(&examples);
  const auto units = pictures ? data::action_units_in(pictures->dataset()) : std::vector<int>();
  if (units.empty())
    throw Error("--concepts action-units: the data have no action units",
                "name a set in CK+'s or UNBC's layout, or a CSV");
  std::vector<ConceptLabels> all;
  for (const int unit : units) {
    const auto labels = data::action_unit_labels(pictures->dataset(), unit);
    all.push_back({fmt::format("AU{}", unit), {labels.begin(), labels.end()}});
  }
  return all;
}

}  // namespace

std::vector<ConceptLabels> concepts_of_csv(const fs::path& path, std::span<const std::string> ids) {
  const Csv csv = read_csv(path);
  const auto id = std::size_t(csv.column("id"));
  std::map<std::string, std::size_t> row_of;
  for (std::size_t row = 0; row < csv.rows.size(); ++row)
    if (!row_of.emplace(csv.rows[row][id], row).second)
      throw Error(fmt::format("{} has the id {} a second time", csv.where(row), csv.rows[row][id]),
                  "give each image one row");
  std::vector<ConceptLabels> all;
  if (std::ranges::none_of(ids, [&](const std::string& one) { return row_of.contains(one); }))
    throw Error(fmt::format("{} has no row for any of the images, whose ids are like {}", path.string(),
                            ids.empty() ? "" : ids.front()),
                "give the ids that predictions have");
  for (std::size_t column = 0; column < csv.header.size(); ++column) {
    if (column == id) continue;
    ConceptLabels one{csv.header[column], {}};
    for (const std::string& image : ids) {
      const auto row = row_of.find(image);
      const std::string value = row == row_of.end() ? "" : csv.rows[row->second][column];
      if (!value.empty() && value != "0" && value != "1")
        throw Error(fmt::format("{} has '{}' for {}", csv.where(row->second), value, one.name),
                    "write 1, 0 or nothing");
      one.labels.push_back(value.empty() ? -1 : value == "1" ? 1 : 0);
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<ConceptLabels> read_concept_labels(const std::string& concepts, const data::Examples& examples) {
  std::vector<std::string> ids;
  for (int i = 0; i < examples.count(); ++i) ids.push_back(examples.id(i));
  auto all = concepts == "action-units" ? of_action_units(examples) : concepts_of_csv(concepts, ids);
  std::vector<std::string> rare;
  std::erase_if(all, [&](const ConceptLabels& one) {
    const bool few = std::ranges::count(one.labels, 1) < least_shown || std::ranges::count(one.labels, 0) < least_shown;
    if (few) rare.push_back(one.name);
    return few;
  });
  if (!rare.empty())
    remark(fmt::format("Left out are concepts that fewer than {} images show, or do not show: {}.", least_shown,
                       fmt::join(rare, ", ")));
  return all;
}

}  // namespace palimpsest::experiments
