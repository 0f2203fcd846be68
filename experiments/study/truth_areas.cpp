#include "experiments/study/truth_areas.h"

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "data/crop.h"
#include "data/drawn/truth.h"
#include "data/source.h"
#include "experiments/load_data.h"

namespace palimpsest::experiments {

namespace {

constexpr int grid = 64;

// The ellipse with the mask's mean and twice its standard deviations, of columns [from, to).
std::vector<Ellipse> ellipse_between(const std::vector<float>& mask, int size, int from, int to) {
  double sum = 0, x = 0, y = 0, xx = 0, yy = 0;
  for (int row = 0; row < size; ++row)
    for (int column = from; column < to; ++column) {
      const double m = mask[std::size_t(row) * std::size_t(size) + std::size_t(column)];
      const double cx = (column + 0.5) / size, cy = (row + 0.5) / size;
      sum += m, x += m * cx, y += m * cy, xx += m * cx * cx, yy += m * cy * cy;
    }
  if (sum <= 0) return {};
  x /= sum, y /= sum;
  const auto radius = [&](double squares, double mean) {
    return 1.5 / size + 2 * std::sqrt(std::max(0.0, squares / sum - mean * mean));
  };
  return {{x, y, radius(xx, x), radius(yy, y)}};
}

}  // namespace

std::vector<Ellipse> ellipses_of(const std::vector<float>& mask, int size) {
  auto whole = ellipse_between(mask, size, 0, size);
  if (whole.empty()) return {};
  // An empty strip near the middle separates a left from a right side.
  const int middle = int(whole[0].x * size);
  for (int column = std::max(1, middle - size / 12); column <= std::min(size - 2, middle + size / 12); ++column) {
    double strip = 0;
    for (int row = 0; row < size; ++row) strip += mask[std::size_t(row) * std::size_t(size) + std::size_t(column)];
    if (strip > 0) continue;
    auto sides = ellipse_between(mask, size, 0, column);
    const auto right = ellipse_between(mask, size, column, size);
    sides.insert(sides.end(), right.begin(), right.end());
    return sides;
  }
  return whole;
}

std::vector<TruthAreas> truth_areas(const DataSettings& choice, const std::vector<std::string>& ids) {
  const auto truth = data::drawn::load_truth(choice.source.path);
  if (!truth) return {};
  std::map<std::string, data::Sample> by_id;
  for (const data::Sample& sample : part_of(select_data(choice), choice.part).samples) by_id[sample.id] = sample;
  std::vector<TruthAreas> all;
  for (const std::string& id : ids) {
    const auto* entry = truth->find(id);
    const auto sample = by_id.find(id);
    if (!entry || sample == by_id.end()) continue;
    const data::CropOptions crop{choice.crop, choice.margin, choice.bottom_cut};
    const data::Box box = data::crop_box(sample->second, entry->width, entry->height, crop).box;
    TruthAreas areas{id, {}, {}};
    for (const auto& unit : data::drawn::action_unit_table()) {
      if (!entry->expression.has(unit.number)) continue;
      areas.shown.push_back(unit.number);
      const auto mask = truth->mask(id, unit.number, box, grid, grid);
      if (!mask.empty()) areas.areas[unit.number] = ellipses_of(mask, grid);
    }
    all.push_back(std::move(areas));
  }
  return all;
}

void write_truth_areas(const fs::path& path, const std::vector<TruthAreas>& areas) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const TruthAreas& one : areas) {
    nlohmann::ordered_json list = nlohmann::ordered_json::object();
    for (const auto& [unit, ellipses] : one.areas)
      for (const Ellipse& e : ellipses) list[fmt::format("{}", unit)].push_back({e.x, e.y, e.rx, e.ry});
    json.push_back({{"id", one.id}, {"shown", one.shown}, {"areas", list}});
  }
  write_file(path, json.dump(1) + "\n");
}

std::vector<TruthAreas> read_truth_areas(const fs::path& path) {
  try {
    std::vector<TruthAreas> all;
    for (const auto& json : Json::parse(read_file(path))) {
      TruthAreas one{json.at("id"), json.at("shown"), {}};
      for (const auto& [unit, ellipses] : json.at("areas").items())
        for (const auto& e : ellipses)
          one.areas[Json::parse(unit).get<int>()].push_back({e.at(0), e.at(1), e.at(2), e.at(3)});
      all.push_back(std::move(one));
    }
    return all;
  } catch (const std::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()), "run again with --redo explain");
  }
}

}  // namespace palimpsest::experiments
