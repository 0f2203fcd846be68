#include "experiments/devices.h"

#include <cstdio>
#include <fstream>

#include "base/error.h"
#include "cpu/device.h"
#include "cuda/device.h"

namespace palimpsest::experiments {

namespace {
bool announcing = true;

void require_fp32(const MachineSettings& on) {
  if (on.precision != Precision::fp32)
    throw Error(fmt::format("--precision {}: the CPU computes in fp32", word_of(on.precision)),
                "omit --precision, or use --device cuda");
}

CudaOptions cuda_options(const MachineSettings& on) {
  CudaOptions options;
  options.precision = on.precision;
  options.algorithms = AlgorithmTable::of(on.convolution);
  options.gpu = on.device.gpu;
  return options;
}

}  // namespace

std::vector<DeviceChoice> known_devices() {
  const CudaAvailability real = cuda_availability(CudaKind::real), emulated = cuda_availability(CudaKind::emulated);
  return {{"cpu", true, "always available"},
          {"cuda", real.available, real.reason},
          {"cuda-emulated", emulated.available, emulated.reason}};
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string machine_of(const DeviceInfo& device) {
  return fmt::format("{} ({}; processor: {})", device.name, device.description, processor_name());
}

void announce_devices(bool announce) {
  announcing = announce;
}

namespace {

// Once per program run.
void announce(const std::string& text) {
  if (announcing) fmt::print(stderr, "device: {}\n", text);
  announcing = false;
}

// A GPU if available, else the CPU; never the emulated device, which is for tests.
std::unique_ptr<Device> best_device(const MachineSettings& on) {
  const CudaAvailability gpu = cuda_availability(CudaKind::real);
  if (gpu.available) {
    auto device = make_cuda_device(CudaKind::real, cuda_options(on));
    announce(fmt::format("{} ({})", device->info().name, device->info().description));
    return device;
  }
  require_fp32(on);
  auto device = make_cpu_device(on.threads, AlgorithmTable::of(on.convolution));
  const DeviceInfo info = device->info();
  announce(fmt::format("cpu, {} thread{} ({}); no GPU is used: {}", info.threads, info.threads == 1 ? "" : "s",
                       info.description, gpu.reason));
  return device;
}

}  // namespace

std::unique_ptr<Device> make_device(const MachineSettings& on) {
  using enum DeviceName::Kind;
  switch (on.device.kind) {
    case automatic:
      return best_device(on);
    case cuda:
      return make_cuda_device(CudaKind::real, cuda_options(on));
    case cuda_emulated:
      return make_cuda_device(CudaKind::emulated, cuda_options(on));
    case cpu:
      break;
  }
  require_fp32(on);
  return make_cpu_device(on.threads, AlgorithmTable::of(on.convolution));
}

}  // namespace palimpsest::experiments
