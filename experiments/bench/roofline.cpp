#include "experiments/bench/roofline.h"

#include <toml++/toml.h>

#include <algorithm>
#include <string_view>

namespace palimpsest::experiments {

namespace {

constexpr std::string_view kGpus =
#include "gpus_toml.h"  // made by CMake of bench/gpus.toml
    ;

}  // namespace

std::optional<Peaks> peaks_of(const std::string& gpu, Precision precision) {
  const toml::table file = toml::parse(kGpus, std::string_view("bench/gpus.toml"));
  for (const toml::node& node : *file["gpu"].as_array()) {
    const toml::table& entry = *node.as_table();
    const bool same = std::ranges::any_of(*entry["reported"].as_array(),
                                          [&](const toml::node& name) { return name.value<std::string>() == gpu; });
    const auto peak = entry["peak"][word_of(precision)].value<double>();
    if (same && peak)
      return Peaks{entry["name"].value<std::string>().value(), entry["bandwidth"].value<double>().value(), *peak,
                   entry["source"].value<std::string>().value()};
  }
  return std::nullopt;
}

double share_of_roofline(const Work& least, const Peaks& peaks, double seconds) {
  return std::max(least.bytes / peaks.bandwidth, least.flops / peaks.flops) / seconds;
}

}  // namespace palimpsest::experiments
