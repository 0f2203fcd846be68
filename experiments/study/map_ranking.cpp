#include "experiments/study/map_ranking.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "analysis/pair_effects.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/json.h"

namespace palimpsest {

namespace analysis {
PALIMPSEST_JSON(MeanInterval, mean, low, high)
}  // namespace analysis

namespace experiments {

PALIMPSEST_JSON(MapRanking::Unit, number, images, clusters, area, before, after, lost)
PALIMPSEST_JSON(MapRanking, k, emotion, explained, inverted, subjects, units)

namespace {

constexpr const char* remedy = "run again with --redo explain";

std::map<std::string, std::map<int, ExplainedMap::Shares>> read_shares(const fs::path& path) {
  std::map<std::string, std::map<int, ExplainedMap::Shares>> by_id;
  try {
    for (const Json& entry : Json::parse(read_file(path)))
      for (const auto& [unit, shares] : entry.at("au").items())
        if (shares.contains("b"))  // else the second map has no positive relevance
          by_id[entry.at("id")][Json::parse(unit).get<int>()] = {shares.at("area"), shares.at("a"), shares.at("b")};
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()), remedy);
  }
  return by_id;
}

}  // namespace

std::vector<ExplainedMap> read_explained_maps(const fs::path& folder, const ExplainedSample::Emotion& sample) {
  const Csv csv = read_csv(folder / "explained.csv");
  const int id = csv.column("id"), before = csv.column("logit_a"), after = csv.column("logit_b");
  std::map<std::string, std::pair<double, double>> logits;
  for (std::size_t row = 0; row < csv.rows.size(); ++row) {
    const auto number = [&](int column) { return parse_number(csv.rows[row][std::size_t(column)], csv.where(row)); };
    logits[csv.rows[row][std::size_t(id)]] = {number(before), number(after)};
  }
  const auto shares = read_shares(folder / "regions.json");
  std::vector<ExplainedMap> maps;
  for (const auto& image : sample.images) {
    const auto of_image = logits.find(image.id);
    if (of_image == logits.end()) throw Error(fmt::format("{} has no image {}", csv.path.string(), image.id), remedy);
    const auto regions = shares.find(image.id);
    maps.push_back({image.id, image.subject, of_image->second.first, of_image->second.second,
                    regions == shares.end() ? std::map<int, ExplainedMap::Shares>{} : regions->second});
  }
  return maps;
}

analysis::MeanInterval mean_difference(std::span<const double> differences, std::span<const std::int64_t> clusters) {
  if (std::ranges::adjacent_find(clusters, std::not_equal_to<>()) != clusters.end())
    return analysis::clustered_mean(differences, clusters);
  return {std::accumulate(differences.begin(), differences.end(), 0.0) / double(differences.size()), -1, 1};
}

MapRanking rank_units(int k, const std::string& emotion, std::span<const ExplainedMap> maps) {
  MapRanking ranking{k, emotion, int(maps.size()), 0, 0, {}};
  struct Sums {
    MapRanking::Unit unit;
    std::vector<double> lost;
    std::vector<std::int64_t> groups;
  };
  std::map<int, Sums> by_unit;
  SubjectClusters clusters;
  for (const ExplainedMap& map : maps) {
    if (map.inverted()) {
      ++ranking.inverted;
      continue;
    }
    const std::int64_t group = clusters.of(map.subject);
    for (const auto& [number, shares] : map.units) {
      Sums& sums = by_unit[number];
      sums.unit.area += shares.area, sums.unit.before += shares.before, sums.unit.after += shares.after;
      sums.lost.push_back(shares.before - shares.after);
      sums.groups.push_back(group);
    }
  }
  ranking.subjects = clusters.subjects();
  for (auto& [number, sums] : by_unit) {
    MapRanking::Unit unit = sums.unit;
    unit.number = number;
    unit.images = int(sums.lost.size());
    unit.clusters = int(std::set(sums.groups.begin(), sums.groups.end()).size());
    for (double* value : {&unit.area, &unit.before, &unit.after}) *value /= unit.images;
    unit.lost = mean_difference(sums.lost, sums.groups);
    ranking.units.push_back(unit);
  }
  std::ranges::stable_sort(ranking.units, std::greater<>(), [](const MapRanking::Unit& u) { return u.lost.mean; });
  return ranking;
}

void write_map_rankings(const fs::path& path, const std::vector<MapRanking>& rankings) {
  write_file(path, Json(rankings).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::vector<MapRanking> read_map_rankings(const fs::path& path) {
  try {
    return Json::parse(read_file(path)).get<std::vector<MapRanking>>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()), "run again with --redo maps");
  }
}

}  // namespace experiments

}  // namespace palimpsest
