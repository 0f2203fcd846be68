#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "cpu/context.h"
#include "cpu/conv2d_algorithm.h"
#include "cpu/device.h"
#include "tests/support/op_cases.h"
#include "tests/support/test_devices.h"
#include "tests/support/vgg16.h"

namespace palimpsest {
namespace {

TEST(Cpu, PadsChannelsToItsBlock) {
  const auto device = make_cpu_device(1);
  const int block = channel_block(*device);
  const char* const limit = std::getenv("ONEDNN_MAX_CPU_ISA");
  const bool limited = limit && std::string(limit) == "AVX2";
  EXPECT_TRUE(block == 8 || (block == 16 && !limited)) << block;
  EXPECT_EQ(device->bytes({2, 3, 5, 7}, Layout::activation), std::size_t(2 * block * 35) * sizeof(float));
  EXPECT_EQ(device->bytes({17, 3, 3, 3}, Layout::kernel),
            std::size_t((block == 8 ? 24 : 32) * block * 9) * sizeof(float));
  EXPECT_EQ(device->bytes({5, 7}, Layout::matrix), 35 * sizeof(float));
  EXPECT_EQ(device->bytes({1, 17}, Layout::channels), std::size_t(block == 8 ? 24 : 32) * sizeof(float));
  EXPECT_EQ(device->bytes({2, 3, 5, 7}, Layout::winners), std::size_t(2 * block * 35));
}

TEST(Cpu, SaysWhatItIs) {
  const auto info = make_cpu_device(2)->info();
  EXPECT_EQ(info.name, "cpu");
  EXPECT_EQ(info.threads, 2);
  EXPECT_NE(info.description.find("oneDNN"), std::string::npos);
}

// A registration that was begun and not written, and a whole one.
TEST(Cpu, RemovesOnlyEmptyRegistrations) {
  const int process = 4194305;  // above Linux's largest process number
  const std::string name = fmt::format("/__KMP_REGISTERED_LIB_{}_{}", process, getuid());
  const int file = shm_open(name.c_str(), O_CREAT | O_RDWR, 0600);
  ASSERT_NE(file, -1);
  ASSERT_EQ(ftruncate(file, 1024), 0);
  EXPECT_FALSE(cpu::remove_broken_openmp_registration(process));
  ASSERT_EQ(ftruncate(file, 0), 0);
  close(file);
  EXPECT_TRUE(cpu::remove_broken_openmp_registration(process));
  EXPECT_EQ(shm_unlink(name.c_str()), -1);
}

// The list of cases must keep both sides of the table.
TEST(Cpu, CasesCoverBothAlgorithms) {
  int winograd = 0, direct = 0;
  for (const auto& shape : convolution_test_shapes())
    (cpu::conv2d_rule(true, shape, LayerPass::forward) == cpu::Conv2dAlgorithm::winograd ? winograd : direct) += 1;
  EXPECT_GE(winograd, 4);
  EXPECT_GE(direct, 4);
  for (const auto& shape : vgg16_convolutions(8, 224)) {
    EXPECT_EQ(cpu::conv2d_rule(true, shape, LayerPass::forward), cpu::Conv2dAlgorithm::winograd);
    EXPECT_EQ(cpu::conv2d_rule(false, shape, LayerPass::forward), cpu::Conv2dAlgorithm::direct);
  }
}

// Every map of VGG16 at any size and width runs on a real kernel: creating a plan with oneDNN's plain loops throws.
// Maps are as small as 1 x 1.
TEST(Cpu, NoShapeFallsBackToPlainLoops) {
  const auto device = make_cpu_device(1);
  for (const int c : {1, 3, 8, 17, 64})
    for (const int side : {1, 2, 3, 4, 5, 7, 14})
      for (const int k : {1, 8, 33, 64}) {
        const Conv2dShape s{2, c, side, side, k};
        auto plan = device->plan_layer(s);
        const Tensor x = device->make(s.input(), Layout::activation), y = device->make(s.output(), Layout::activation);
        const Tensor w = device->make(s.weights(), Layout::kernel), b = device->make({1, k}, Layout::channels);
        EXPECT_NO_THROW(plan->forward(x, w, b, true, y)) << c << " " << side << " " << k;
        EXPECT_NO_THROW(plan->forward(x, w, b, false, y)) << c << " " << side << " " << k;
        EXPECT_NO_THROW(plan->backward_data(y, w, {}, x)) << c << " " << side << " " << k;
        EXPECT_NO_THROW(plan->backward_weights(x, y, w, b)) << c << " " << side << " " << k;
      }
}

// Reruns give the same bits, with any number of threads.
TEST(Cpu, RerunsAreIdentical) {
  for (const int threads : {1, 2}) {
    const Conv2dShape s{2, 16, 33, 18, 48};
    std::vector<float> first;
    for (int run = 0; run < 3; ++run) {
      const auto device = make_cpu_device(threads);
      auto plan = device->plan_layer(s);
      const Tensor dw = device->make(s.weights(), Layout::kernel), db = device->make({1, s.k}, Layout::channels);
      plan->backward_weights(case_tensor(*device, "rerun", 0, s.input(), Layout::activation, Numbers::random),
                             case_tensor(*device, "rerun", 1, s.output(), Layout::activation, Numbers::random), dw, db);
      const auto got = device->download(dw);
      if (first.empty()) first = got;
      EXPECT_EQ(got, first);
    }
  }
}

}  // namespace
}  // namespace palimpsest
