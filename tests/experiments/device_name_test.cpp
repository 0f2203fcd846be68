#include "experiments/settings/device_name.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace palimpsest::experiments {
namespace {

DeviceName read(const std::string& text) {
  DeviceName device;
  from_text(text, device);
  return device;
}

TEST(DeviceNames, AreReadAndWritten) {
  for (const std::string text : {"auto", "cpu", "cuda", "cuda:1", "cuda:12", "cuda-emulated"})
    EXPECT_EQ(to_text(read(text)), text);
  EXPECT_EQ(read("cuda:0"), read("cuda"));
  EXPECT_EQ(read("cuda:3").gpu, 3);
}

TEST(DeviceNames, OthersAreRefused) {
  for (const std::string text : {"", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:1x", "cuda:99999999999", "cpu:1"})
    expect_error("'" + text + "' is not a device", [&] { read(text); });
}

}  // namespace
}  // namespace palimpsest::experiments
