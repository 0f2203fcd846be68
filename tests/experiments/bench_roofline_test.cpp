#include <gtest/gtest.h>

#include "experiments/bench/roofline.h"

namespace palimpsest::experiments {
namespace {

TEST(BenchRoofline, KnowsTheGpusOfTheFileByTheDriversNames) {
  const auto peaks = peaks_of("NVIDIA H200", Precision::bf16);
  ASSERT_TRUE(peaks);
  EXPECT_EQ(peaks->model, "H200");
  EXPECT_EQ(peaks->bandwidth, 4800e9);
  EXPECT_EQ(peaks->flops, 989.5e12);
  EXPECT_FALSE(peaks->source.empty());
  EXPECT_EQ(peaks_of("NVIDIA H200", Precision::fp32)->flops, 67e12);
  EXPECT_EQ(peaks_of("Tesla T4", Precision::fp32)->model, "T4");
}

TEST(BenchRoofline, HasNoneForOthers) {
  for (const char* const other : {"", "NVIDIA GH200 480GB", "NVIDIA H100 PCIe", "NVIDIA A100-SXM4-80GB",
                                  "NVIDIA GeForce RTX 4090 Laptop GPU", "palimpsest emulator (sm_90 on the CPU)"})
    EXPECT_FALSE(peaks_of(other, Precision::fp32)) << other;
  EXPECT_FALSE(peaks_of("Tesla T4", Precision::bf16)) << "it has no such tensor cores";
}

TEST(BenchRoofline, TheLongerOfMemoryAndArithmeticCounts) {
  const Peaks peaks{"a GPU", 100, 1000, ""};
  EXPECT_DOUBLE_EQ(share_of_roofline({.bytes = 200, .flops = 1000}, peaks, 4), 0.5);
  EXPECT_DOUBLE_EQ(share_of_roofline({.bytes = 200, .flops = 3000}, peaks, 4), 0.75);
}

}  // namespace
}  // namespace palimpsest::experiments
