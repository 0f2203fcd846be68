#pragma once
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/op_cases.h"

namespace palimpsest {

// A device that the tests of the contract run on. A further device is one more entry in test_devices().
struct TestDevice {
  std::string name;
  std::function<std::unique_ptr<Device>()> make;
  // Whether the device runs a convolution by Winograd's algorithm, which is not exact on integers.
  std::function<bool(const Device&, const Conv2dShape&, ConvolutionPass)> winograd;
};
inline void PrintTo(const TestDevice& device, std::ostream* to) {
  *to << device.name;
}  // for GoogleTest
const std::vector<TestDevice>& test_devices();

// Channels are padded to a multiple of this.
int channel_block(const Device& device);

}  // namespace palimpsest
