#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "experiments/bench/layer_times.h"
#include "experiments/bench/step_times.h"
#include "experiments/bench/timing.h"
#include "experiments/command.h"
#include "experiments/devices.h"
#include "ops/algorithm_table.h"

namespace palimpsest::experiments {

namespace {

struct BenchCommand {
  int size = option(size, "size", 224, "side of the pictures in pixels", heading("Network"), between(32, 1024));
  double width = option(width, "width", 1, "channels as a fraction of VGG16's", above(0));
  std::vector<int> hidden = option(hidden, "hidden", {4096, 4096},
                                   "widths of the fully connected layers before the last", between(1, 1 << 20));
  int batch = option(batch, "batch", 8, "images at a time", at_least(1));
  int repeats = option(repeats, "repeats", 5, "runs of each, whose median is reported; short ones run more often",
                       heading("Timing"), at_least(1));
  bool layers = option(layers, "layers", true, "every pass of every layer (default)");
  std::vector<std::string> only = option(only, "only", {}, "these layers alone, such as conv3_2,fc6; no steps");
  std::vector<std::string> passes = option(passes, "pass", {}, "these passes alone; no steps",
                                           one_of({"forward", "backward_data", "backward_weights", "relevance"}));
  int launches =
      option(launches, "launches", 0, "run each so often and time nothing, for a profiler; 0: time", at_least(0));
  bool steps = option(steps, "steps", true, "whole steps: forward, training, relevance (default)");
  fs::path out = option(out, "out", {}, "every figure (JSON)", heading("Output"));
  fs::path tune =
      option(tune, "tune", {}, "time every algorithm and write the fastest to a table for --convolution (.json)");
  MachineSettings on;
};

using Json = nlohmann::ordered_json;

std::string shape_text(const LayerTime& time) {
  const LayerShape& s = time.shape;
  if (!s.is_convolution()) return fmt::format("{} x {} to {}", s.n, s.c, s.k);
  return fmt::format("{} x {} x {} x {} to {}", s.n, s.c, s.h, s.w, s.k);
}

Json json_of(const LayerTime& time) {
  const LayerShape& s = time.shape;
  return {{"layer", time.layer},
          {"name", time.name},
          {"layers", time.layers},
          {"pass", pass_name(time.pass)},
          {"shape", {s.n, s.c, s.h, s.w, s.k}},
          {"algorithm", time.algorithm},
          {"seconds", time.seconds},
          {"gflops", time.gflops()}};
}

void print_layers(const std::vector<LayerTime>& times) {
  fmt::print("{:<16}{:<28}{:<18}{:>10}{:>10}\n", "layer", "images, channels, side", "pass", "ms", "GFLOP/s");
  std::map<LayerPass, double> totals;
  for (const LayerTime& time : times) {
    if (time.shape.is_convolution()) totals[time.pass] += time.layers * time.seconds;
    fmt::print("{:<16}{:<28}{:<18}{:>10.2f}{:>10.0f}\n",
               time.layers > 1 ? fmt::format("{} x{}", time.layer, time.layers) : time.layer, shape_text(time),
               pass_name(time.pass), 1e3 * time.seconds, time.gflops());
  }
  for (const auto& [pass, seconds] : totals)
    fmt::print("{:<44}{:<18}{:>10.2f}\n", "all convolutions", pass_name(pass), 1e3 * seconds);
}

void print_steps(const std::vector<StepTime>& times, int batch) {
  fmt::print("\n{:<42}{:>12}{:>14}\n", "step", "ms", "images/s");
  for (const StepTime& time : times)
    fmt::print("{:<42}{:>12.1f}{:>14.1f}\n", time.name, 1e3 * time.seconds, batch / time.seconds);
  fmt::print("peak memory {:.0f} MB\n", peak_megabytes());
}

// Every pass with every algorithm that the device has for it; the fastest goes into the table. What fails is left out.
void tune(const BenchCommand& command, const nn::Architecture& architecture) {
  if (command.tune.extension() != ".json")
    throw Error(fmt::format("--tune {} does not end in .json", command.tune.string()),
                "give a name that ends in .json");
  MachineSettings on = command.on;
  std::vector<LayerTime> layers;
  std::vector<std::map<std::string, double>> seconds;
  const DeviceInfo info = make_device(on)->info();
  for (const std::string& algorithm : info.convolution_algorithms) {
    on.convolution = algorithm;
    layers =
        time_layers(*make_device(on), architecture, command.batch, command.repeats,
                    {.linear = info.chooses_linear, .only = command.only}, [&](const LayerTime&, const Error& error) {
                      remark(fmt::format("left out, {}: {}", algorithm, error.what()));
                    });
    seconds.resize(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (layers[i].algorithm == algorithm && std::isfinite(layers[i].seconds))
        seconds[i][algorithm] = layers[i].seconds;
  }
  Json choices = Json::array();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto best = std::min_element(seconds[i].begin(), seconds[i].end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == seconds[i].end()) continue;  // none runs it here, so that the device's own rule decides
    Json choice = json_of(layers[i]);
    choice["algorithm"] = best->first;
    choice["seconds"] = seconds[i];
    choices.push_back(std::move(choice));
  }
  write_file(
      command.tune,
      Json{{"device", info.name + ": " + info.description}, {"threads", info.threads}, {"choices", choices}}.dump(1) +
          "\n");
  fmt::print("{}: the fastest of {} for {} passes; use it with --convolution {}\n", command.tune.string(),
             fmt::join(info.convolution_algorithms, ", "), layers.size(), command.tune.string());
}

void run_bench(const BenchCommand& command) {
  const auto architecture = nn::Architecture::vgg(16, command.width, command.size, command.hidden, 8);
  if (!command.tune.empty()) return tune(command, architecture);
  const auto device = make_device(command.on);
  const DeviceInfo info = device->info();
  fmt::print("{} ({}), {} threads, convolution {}\n\n", info.name, info.description, info.threads, info.algorithms);
  Json all{{"device", info.name},     {"description", info.description},
           {"threads", info.threads}, {"convolution", info.algorithms},
           {"size", command.size},    {"width", command.width},
           {"batch", command.batch},  {"layers", Json::array()},
           {"steps", Json::array()}};
  if (command.layers) {
    LayerChoice choice{.only = command.only, .launches = command.launches};
    for (const std::string& pass : command.passes) choice.passes.push_back(pass_named(pass));
    const auto times = time_layers(*device, architecture, command.batch, command.repeats, choice);
    if (command.launches > 0) return;
    for (const auto& time : times) all["layers"].push_back(json_of(time));
    print_layers(times);
  }
  if (command.steps && command.only.empty() && command.passes.empty()) {
    const auto times = time_steps(*device, architecture, command.batch, command.repeats);
    for (const auto& time : times) all["steps"].push_back({{"name", time.name}, {"seconds", time.seconds}});
    print_steps(times, command.batch);
  }
  all["peak_megabytes"] = peak_megabytes();
  if (!command.out.empty()) write_file(command.out, all.dump(1) + "\n");
}

}  // namespace

Command bench_command() {
  return make_command(
      "bench", "Time the network's layers and whole steps on a device",
      "Example: find the fastest algorithms on this machine, and train with them\n"
      "  palimpsest bench --batch 32 --tune table.json\n"
      "  palimpsest train --preset pain --batch 32 --convolution table.json ...\n"
      "Example: one kernel under a profiler\n"
      "  ncu palimpsest bench --device cuda --only conv3_2 --pass forward --launches 2\n"
      "GFLOP/s count the direct algorithm's operations for every algorithm. Run nothing else at the same time.",
      run_bench);
}

}  // namespace palimpsest::experiments
