#include "experiments/devices.h"

#include <cstdio>

#include "base/error.h"
#include "cpu/device.h"

namespace palimpsest {

namespace {
bool announcing = true;
}

std::vector<DeviceChoice> known_devices() {
  return {{"cpu", true, "always there"},
          {"cuda", false, "this build has no CUDA device"},
          {"cuda-emulated", false, "this build has no emulated CUDA device"}};
}

void announce_devices(bool announce) {
  announcing = announce;
}

std::unique_ptr<Device> make_device(const RunsOn& on) {
  const AlgorithmTable algorithms = AlgorithmTable::of(on.convolution);
  if (on.device == "cpu") return make_cpu_device(on.threads, algorithms);
  if (on.device == "auto") {
    auto device = make_cpu_device(on.threads, algorithms);
    const DeviceInfo info = device->info();
    if (announcing)
      fmt::print(stderr, "device: cpu, {} thread{} ({}); no GPU is used: {}\n", info.threads,
                 info.threads == 1 ? "" : "s", info.description, known_devices()[1].reason);
    announcing = false;
    return device;
  }
  for (const DeviceChoice& known : known_devices())
    if (known.name == on.device)
      throw Error(fmt::format("--device {}: {}", on.device, known.reason),
                  "use --device cpu, or --device auto to take what there is");
  throw Error(fmt::format("--device {}: there is no such device", on.device), "use auto, cpu, cuda or cuda-emulated");
}

}  // namespace palimpsest
