#include "tests/support/test_devices.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "cpu/conv2d_algorithm.h"
#include "cpu/device.h"
#include "cuda/device.h"
#include "tests/support/cpu_device.h"

namespace palimpsest {

std::unique_ptr<Device> cpu_device() {
  return make_cpu_device(1);
}

int channel_block(const Device& device) {
  return int(device.bytes({1, 1, 1, 1}, Layout::activation) / sizeof(float));
}

std::string test_name(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

namespace {

TestDevice cuda_device(CudaKind kind, const std::string& name, Precision precision, double unit,
                       const std::string& algorithms) {
  return {name, [=] { return make_cuda_device(kind, {precision, AlgorithmTable::of(algorithms)}); },
          [](const Device&, const LayerShape&, LayerPass) { return false; }, unit};
}

// PALIMPSEST_TEST_DEVICES: names separated by commas; by default all devices with our own kernels, the real GPU only if
// available.
bool wanted(const std::string& name) {
  const char* const names = std::getenv("PALIMPSEST_TEST_DEVICES");
  if (!names) return !name.ends_with("-library") && !name.ends_with("-warpgroup");
  return ("," + std::string(names) + ",").find("," + name + ",") != std::string::npos;
}

// Checks for a driver first: loading CUDA's libraries takes a tenth of a second in every process.
bool has_gpu() {
  return (std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/dxg")) &&
         cuda_availability(CudaKind::real).available;
}

std::vector<TestDevice> all_devices() {
  std::vector<TestDevice> devices{{"cpu", [] { return make_cpu_device(2); },
                                   [](const Device& device, const LayerShape& shape, LayerPass pass) {
                                     return shape.is_convolution() &&
                                            cpu::conv2d_rule(channel_block(device) == 16, shape, pass) ==
                                                cpu::Conv2dAlgorithm::winograd;
                                   },
                                   kUnit32}};
  struct Products {
    Precision precision;
    const char* suffix;
    double unit;
  };
  for (const auto& [kind, name] : {std::pair{CudaKind::emulated, "cuda-emulated"}, std::pair{CudaKind::real, "cuda"}})
    for (const auto& [algorithms, by] :
         {std::pair{"auto", ""}, std::pair{"library", "-library"}, std::pair{"own:warpgroup", "-warpgroup"}})
      for (const auto& [precision, suffix, unit] : {Products{Precision::fp32, "", kUnit32},
                                                    {Precision::tf32, "-tf32", 0x1p-11},
                                                    {Precision::bf16, "-bf16", 0x1p-8}})
        devices.push_back(cuda_device(kind, std::string(name) + suffix + by, precision, unit, algorithms));
  std::erase_if(devices, [](const TestDevice& device) {
    if (device.name.ends_with("-warpgroup") && device.name.find("-bf16-") == std::string::npos) return true;
    const bool real = device.name.starts_with("cuda") && !device.name.starts_with("cuda-emulated");
    return !wanted(device.name) || (real && !has_gpu());
  });
  return devices;
}

}  // namespace

const std::vector<TestDevice>& test_devices() {
  static const std::vector<TestDevice> devices = all_devices();
  return devices;
}

const std::vector<TestDevice>& exact_test_devices() {
  static const std::vector<TestDevice> devices = [] {
    auto exact = test_devices();
    std::erase_if(exact, [](const TestDevice& device) { return !device.exact(); });
    return exact;
  }();
  return devices;
}

}  // namespace palimpsest
