#include "tests/support/test_devices.h"

#include "cpu/conv2d_algorithm.h"
#include "cpu/device.h"

namespace palimpsest {

int channel_block(const Device& device) {
  return int(device.bytes({1, 1, 1, 1}, Layout::activation) / sizeof(float));
}

const std::vector<TestDevice>& test_devices() {
  static const std::vector<TestDevice> devices{
      {"cpu", [] { return make_cpu_device(2); },
       [](const Device& device, const Conv2dShape& shape, ConvolutionPass pass) {
         return cpu::conv2d_rule(channel_block(device) == 16, shape, Conv2dPass(int(pass))) ==
                cpu::Conv2dAlgorithm::winograd;
       }},
  };
  return devices;
}

}  // namespace palimpsest
