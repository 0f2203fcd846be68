#include <map>
#include <utility>

#include "analysis/parallel.h"
#include "experiments/calibrate/sets.h"
#include "experiments/study/records.h"
#include "experiments/study/test_names.h"

namespace palimpsest::experiments::calibrate {

MapSets::MapSets(const fs::path& study, int k) {
  const fs::path folder = study / model_step("explain", k);
  for (const auto& emotion : read_explained_sample(folder / "sample.json").emotions)
    emotions_.push_back(read_explained_maps(folder, emotion));
}

void MapSets::run(const CalibrateCommand& command, analysis::Rejections& rejections) const {
  analysis::in_parallel("Sets of maps", 0, command.sets, [&](int set) {
    Random random(command.seed, Purpose::calibrate, 5, std::uint64_t(set));
    for (std::vector<ExplainedMap> maps : emotions_) {
      std::map<std::string, bool> turned;  // by person
      for (ExplainedMap& map : maps) {
        const bool turns = random.chance(.5);
        const bool turn = map.subject.empty() ? turns : turned.emplace(map.subject, turns).first->second;
        if (!turn) continue;
        for (auto& [unit, shares] : map.units) std::swap(shares.before, shares.after);
      }
      for (const auto& unit : rank_units(0, "", maps).units)
        if (unit.clusters >= least_subjects)
          rejections.add(region_loss, unit.lost.low > 0 || unit.lost.high < 0 ? 0 : 1, set);
    }
  });
}

}  // namespace palimpsest::experiments::calibrate
