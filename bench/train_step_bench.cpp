// Times whole training steps of a full-width VGG16 with 8 classes: upload, forward, focal loss, backward, SGD.
//   train_step_bench [BATCH=8] [SIZE=224] [STEPS=4] [THREADS=2] [FREEZE=0]
// Prints one line of JSON: seconds of each step after the first, which creates the plans, and the peak memory.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "experiments/bench/peak_memory.h"
#include "experiments/bench/training_step.h"
#include "experiments/devices.h"

namespace {

// Of all threads of this process.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
  palimpsest::nn::Architecture architecture;
  architecture.size = number(2, architecture.size);
  const auto device = palimpsest::experiments::make_device(
      {.device = {palimpsest::experiments::DeviceName::Kind::cpu}, .threads = number(4, 2)});
  palimpsest::experiments::TrainingStep step(*device, architecture, number(1, 8));
  step.freeze(number(5, 0));
  step.prepare(step.network().lowest_trained_block());
  step.run();
  std::vector<double> seconds, cpu_seconds;
  for (int i = 0; i < number(3, 4); ++i) {
    const double before = processor_seconds();
    const auto start = std::chrono::steady_clock::now();
    step.upload();
    step.run();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    cpu_seconds.push_back(processor_seconds() - before);
  }
  std::puts(nlohmann::json{
      {"seconds", seconds}, {"cpu_seconds", cpu_seconds}, {"peak_mb", palimpsest::experiments::peak_megabytes()}}
                .dump()
                .c_str());
}
