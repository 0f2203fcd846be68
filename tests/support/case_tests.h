#pragma once
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/test_devices.h"

// Cases as GoogleTest parameters: each is a separate test, which ctest lists by name.
namespace palimpsest {

inline void PrintTo(const OpCase& one, std::ostream* to) {
  *to << one.name;
}

// A case on a device. Cases without rounded factors are the same in every precision, and listed only for fp32.
struct DeviceCase {
  TestDevice device;
  OpCase one;
};
inline void PrintTo(const DeviceCase& on, std::ostream* to) {
  *to << on.device.name << ": " << on.one.name;
}
inline std::vector<DeviceCase> device_cases() {
  std::vector<DeviceCase> all;
  for (const auto& device : test_devices())
    for (const auto& one : op_cases())
      if (device.exact() || one.rounds_factors) all.push_back({device, one});
  return all;
}

}  // namespace palimpsest
