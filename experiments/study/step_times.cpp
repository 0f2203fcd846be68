#include "experiments/study/step_times.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"

namespace palimpsest::experiments {

void append_step_time(const fs::path& study, const std::string& step, double seconds) {
  const fs::path path = study / "timing.jsonl";
  std::ofstream file(path, std::ios::app);
  file << nlohmann::ordered_json{{"step", step}, {"seconds", seconds}}.dump() << "\n" << std::flush;
  if (!file) throw Error(fmt::format("{} cannot be written", path.string()), "check that the disk has space left");
}

std::map<std::string, double> mean_step_times(const fs::path& study) {
  std::map<std::string, std::pair<double, int>> sums;
  std::ifstream file(study / "timing.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);  // ignores an incomplete last line
    if (!json.is_object() || !json.contains("step") || !json.contains("seconds")) continue;
    if (!json["step"].is_string() || !json["seconds"].is_number()) continue;
    const std::string name = json["step"];
    auto& [seconds, count] = sums[name.substr(0, name.find('-'))];
    seconds += double(json["seconds"]);
    ++count;
  }
  std::map<std::string, double> means;
  for (const auto& [kind, sum] : sums) means[kind] = sum.first / sum.second;
  return means;
}

}  // namespace palimpsest::experiments
