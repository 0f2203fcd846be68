#pragma once
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/hash64.h"
#include "base/progress.h"
#include "nn/trainer.h"
#include "tests/nn/toy.h"
#include "tests/support/cpu_device.h"

namespace palimpsest::nn {

// A training run of a small network on pictures that it can learn, ready to be varied.
struct ToyRun {
  Architecture architecture = toy_architecture();
  std::array<bool, kBlocks> frozen{};
  TrainOptions options;
  std::shared_ptr<const data::Examples> training = toy_pictures(16), validation;
  std::string config = "rate = 0.01\n";
  bool resume = true;

  ToyRun() {
    architecture.channels = {8, 8, 12, 16, 16};
    architecture.hidden = {16};
    options.batch = 5;
    options.epochs = 3;
    options.rate = 0.05;
  }
  void train(const fs::path& folder, Device& device) const {
    Progress::silence(true);
    Network network(device, architecture);
    initialise(network, 3);
    network.set_frozen(frozen);
    train(folder, network);
  }
  void train(const fs::path& folder, Network& network) const {
    RunFolder run(folder, config, resume);
    nn::train(network, options, training, validation, {}, run);
  }
  void train(const fs::path& folder) const {
    const auto device = cpu_device();
    train(folder, *device);
  }
};

// With everything that has a state to lose: momentum, shuffling, augmentation, validation, schedules.
inline ToyRun varied_run() {
  ToyRun run;
  run.validation = toy_pictures(7, 4, 99);
  run.options.momentum = 0.9;
  run.options.weight_decay = 1e-3;
  run.options.clip_norm = 1;
  run.options.warmup_steps = 6;
  run.options.slow_epochs = 2;
  run.options.plain_epochs = 1;
  run.options.epochs = 5;
  run.options.keep = Keep::recall;
  run.options.loss = {2, {0.5F, 1, 1.5F, 1}};
  run.options.augmentation = data::Augmentation::keras;
  return run;
}

inline std::vector<nlohmann::json> metrics(const fs::path& folder) {
  std::istringstream text(read_file(folder / "metrics.jsonl"));
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

// What must be the same after a run: length and hash of each file by its name. Only timing.jsonl may differ.
inline std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() == "timing.jsonl") continue;
    const auto bytes = read_file(entry.path());
    files[entry.path().filename().string()] =
        fmt::format("{} bytes, {:016x}", bytes.size(), Hash64().add(bytes).value());
  }
  return files;
}

}  // namespace palimpsest::nn
