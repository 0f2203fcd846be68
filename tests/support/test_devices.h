#pragma once
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/op_cases.h"

namespace palimpsest {

inline constexpr double kUnit32 = 0x1p-24;  // of float32

// A device that the tests of the contract run on. A further device is one more entry in test_devices().
struct TestDevice {
  std::string name;
  std::function<std::unique_ptr<Device>()> make;
  // Whether the device runs a convolution by Winograd's algorithm, which is not exact on integers.
  std::function<bool(const Device&, const LayerShape&, LayerPass)> winograd;
  double unit = kUnit32;  // to which convolutions and fully connected layers round their factors
  bool exact() const { return unit == kUnit32; }
};
inline void PrintTo(const TestDevice& device, std::ostream* to) {
  *to << device.name;
}  // for GoogleTest

// The devices of this machine, or those of them that the variable PALIMPSEST_TEST_DEVICES names.
const std::vector<TestDevice>& test_devices();
// Those with float32 products, for tests that do not depend on the precision.
const std::vector<TestDevice>& exact_test_devices();
std::string test_name(std::string name);  // fit for GoogleTest: letters, digits, underscores
inline std::string test_name(const TestDevice& device) {
  return test_name(device.name);
}

// Channels are padded to a multiple of this.
int channel_block(const Device& device);

}  // namespace palimpsest
