#include "experiments/bench/tune.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "experiments/devices.h"

namespace palimpsest::experiments {

namespace {

constexpr std::initializer_list<BenchPass> kChosenPasses{BenchPass::forward, BenchPass::backward_data,
                                                         BenchPass::backward_weights, BenchPass::relevance};

}  // namespace

std::vector<BenchRow> time_algorithms(const MachineSettings& on, const std::vector<std::string>& algorithms,
                                      const nn::Architecture& architecture, int batch, LayerChoice choice,
                                      const Limits& limits) {
  std::vector<std::unique_ptr<Device>> devices;
  std::vector<Competitor> competitors;
  for (const std::string& algorithm : algorithms) {
    MachineSettings with = on;
    with.convolution = algorithm;
    competitors.push_back({algorithm, *devices.emplace_back(make_device(with))});
  }
  choice.linear = choice.linear && devices.front()->info().chooses_linear;
  return time_layers(competitors, architecture, batch, choice, limits);
}

void tune(const MachineSettings& on, const nn::Architecture& architecture, int batch,
          const std::vector<std::string>& only, Limits limits, const fs::path& table) {
  using Json = nlohmann::ordered_json;
  if (table.extension() != ".json")
    throw Error(fmt::format("--tune {} does not end in .json", table.string()), "give a name that ends in .json");
  const DeviceInfo info = make_device(on)->info();
  limits.cold = false;
  const auto rows = time_algorithms(on, info.convolution_algorithms, architecture, batch,
                                    {.only = only, .passes = kChosenPasses}, limits);
  Json choices = Json::array();
  for (auto first = rows.begin(); first != rows.end();) {
    const auto last = std::find_if_not(
        first, rows.end(), [&](const BenchRow& row) { return row.name == first->name && row.pass == first->pass; });
    Json seconds = Json::object();
    const BenchRow* best = nullptr;
    for (auto row = first; row != last; ++row) {
      if (row->measured.error) {
        remark(fmt::format("left out, {}: {}", row->algorithm, row->measured.error->what()));
        continue;
      }
      const double median = row->measured.warm->seconds.median;
      seconds[row->algorithm] = median;
      if (!best || median < best->measured.warm->seconds.median) best = &*row;
    }
    if (best)  // else none runs it here, so that the device's own rule decides
      choices.push_back({{"layer", best->layer},
                         {"name", best->name},
                         {"layers", best->layers},
                         {"pass", best->pass},
                         {"shape", best->shape},
                         {"algorithm", best->algorithm},
                         {"seconds", seconds}});
    first = last;
  }
  const std::size_t passes = choices.size();
  write_file(
      table,
      Json{{"device", info.name + ": " + info.description}, {"threads", info.threads}, {"choices", choices}}.dump(1) +
          "\n");
  fmt::print("{}: the fastest of {} for {} passes; use it with --convolution {}\n", table.string(),
             fmt::join(info.convolution_algorithms, ", "), passes, table.string());
}

}  // namespace palimpsest::experiments
