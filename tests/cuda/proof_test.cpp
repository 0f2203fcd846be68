#include "cuda/proof.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "cuda/device.h"
#include "tests/support/expect_error.h"
#include "tests/support/remarks.h"
#include "tests/support/temp_folder.h"

// The verdict on the kernels, with scripts in place of the process that compares them.
namespace palimpsest {
namespace {

class Proof : public testing::Test {
 protected:
  Proof() {
    ::setenv("XDG_CACHE_HOME", (folder_.path() / "cache").c_str(), 1);
    write_file(folder_ / "library.so", "one build");
    request_.library = folder_ / "library.so";
    request_.identity = "a GPU";
  }
  // Each run of the script appends a letter to the file "runs".
  void program(const std::string& commands) {
    const fs::path script = folder_ / "self_test";
    write_file(script, "#!/bin/sh\nprintf x >> " + (folder_ / "runs").string() + "\n" + commands + "\n");
    fs::permissions(script, fs::perms::owner_all);
    ::setenv("PALIMPSEST_SELF_TEST_PROGRAM", script.c_str(), 1);
  }
  std::string refusal() const { return refusal_of_kernels(request_); }
  std::size_t runs() const { return fs::exists(folder_ / "runs") ? fs::file_size(folder_ / "runs") : 0; }

  TempFolder folder_;
  ProofRequest request_;
};

TEST_F(Proof, KernelsThatAgreeServeAndAreComparedOnce) {
  program("exit 0");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(runs(), 1u);
}

TEST_F(Proof, IsRepeatedForAnotherGpuBuildPrecisionOrSet) {
  program("exit 0");
  refusal();
  request_.identity = "another GPU";
  refusal();
  write_file(request_.library, "another build");
  refusal();
  request_.precision = Precision::tf32;
  refusal();
  request_.kernels = KernelSet::warpgroups;
  refusal();
  EXPECT_EQ(runs(), 5u);
}

TEST_F(Proof, ADifferenceIsKeptAndSaysHowToTestAgain) {
  program("echo 'forward of 2 x 24: wrong on integers'\nexit 1");
  const std::string first = refusal();
  EXPECT_TRUE(first.starts_with("forward of 2 x 24: wrong on integers (remove ")) << first;
  EXPECT_EQ(refusal(), first);
  EXPECT_EQ(runs(), 1u);
}

TEST_F(Proof, AKernelThatNeverEndsIsKilled) {
  program("exec sleep 600");
  request_.seconds = 1;
  EXPECT_TRUE(refusal().starts_with("the self-test did not end within 1 s")) << refusal();
  EXPECT_EQ(runs(), 1u);
}

TEST_F(Proof, ACrashIsARefusal) {
  program("kill -SEGV $$");
  EXPECT_TRUE(refusal().starts_with("the self-test ended with signal 11")) << refusal();
  EXPECT_EQ(runs(), 1u);
}

TEST_F(Proof, WhatCouldNotBeFoundOutIsNotKept) {
  program("echo 'the GPU is in exclusive mode'\nexit 2");
  EXPECT_EQ(refusal(), "the GPU is in exclusive mode");
  EXPECT_EQ(refusal(), "the GPU is in exclusive mode");
  EXPECT_EQ(runs(), 2u);
  ::setenv("PALIMPSEST_SELF_TEST_PROGRAM", "/nonexistent/program", 1);
  EXPECT_NE(refusal().find("/nonexistent/program"), std::string::npos);
}

TEST_F(Proof, ADamagedOrUnwritableCacheIsNotInTheWay) {
  program("exit 0");
  refusal();
  for (const auto& entry : fs::directory_iterator(folder_ / "cache" / "palimpsest")) write_file(entry.path(), "{");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(runs(), 2u);
  ::setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(runs(), 3u);
}

TEST_F(Proof, TheVariableIsRead) {
  ::unsetenv("PALIMPSEST_SELF_TEST");
  EXPECT_EQ(self_test_wanted().where, SelfTest::gpus);
  EXPECT_FALSE(self_test_wanted().strict);
  ::setenv("PALIMPSEST_SELF_TEST", "strict", 1);
  EXPECT_EQ(self_test_wanted().where, SelfTest::gpus);
  EXPECT_TRUE(self_test_wanted().strict);
  ::setenv("PALIMPSEST_SELF_TEST", "off", 1);
  EXPECT_EQ(self_test_wanted().where, SelfTest::nowhere);
  ::setenv("PALIMPSEST_SELF_TEST", "yes", 1);
  expect_error("PALIMPSEST_SELF_TEST=yes is not known", [] { self_test_wanted(); });
}

TEST_F(Proof, PlainKernelsServeWhereTheOthersAreRefused) {
  program("echo wrong\nexit 1");
  ::setenv("PALIMPSEST_SELF_TEST", "on", 1);
  const std::string said = remarks_of([] {
    const auto device = make_cuda_device(CudaKind::emulated);
    EXPECT_EQ(device->info().algorithms, "auto, plain kernels");
    const auto plan = device->plan_layer(Conv2dShape{1, 5, 6, 7, 9});
    EXPECT_EQ(plan->algorithm(LayerPass::forward), "own:plain");
    EXPECT_EQ(plan->algorithm(LayerPass::relevance), "own:plain");
  });
  EXPECT_NE(said.find("Only the plain kernels serve on"), std::string::npos) << said;
  EXPECT_NE(said.find("slowly: wrong"), std::string::npos) << said;
}

TEST_F(Proof, ANamedKernelIsRefusedAndNotReplaced) {
  program("echo wrong\nexit 1");
  ::setenv("PALIMPSEST_SELF_TEST", "on", 1);
  const auto made = [](const std::string& choice) {
    const auto device = make_cuda_device(CudaKind::emulated, {Precision::fp32, AlgorithmTable::of(choice)});
    return device->plan_layer(Conv2dShape{1, 5, 6, 7, 9});
  };
  remarks_of([&] {
    expect_error("own:large is refused on", [&] { made("own:large"); });
    EXPECT_EQ(made("library")->algorithm(LayerPass::forward), "library");
    EXPECT_EQ(made("library")->algorithm(LayerPass::relevance), "library");
  });
}

// Those of warpgroups alone: the others serve, and one sentence says so.
TEST_F(Proof, WarpgroupsHaveAVerdictOfTheirOwn) {
  program("[ $4 = tiled ] || { echo wrong; exit 1; }");
  ::setenv("PALIMPSEST_SELF_TEST", "on", 1);
  const auto made = [](Precision precision, const std::string& choice) {
    return make_cuda_device(CudaKind::emulated, {precision, AlgorithmTable::of(choice)});
  };
  const std::string said = remarks_of([&] {
    const auto device = made(Precision::bf16, "auto");
    EXPECT_EQ(device->info().algorithms, "auto, no warpgroups");
    EXPECT_EQ(device->plan_layer(Conv2dShape{1, 5, 6, 7, 9})->algorithm(LayerPass::forward), "own");
    expect_error("own:warpgroup is refused on",
                 [&] { made(Precision::bf16, "own:warpgroup")->plan_layer(Conv2dShape{1, 64, 6, 7, 64}); });
  });
  EXPECT_TRUE(said.starts_with("Warpgroups do not serve on ")) << said;
  EXPECT_EQ(runs(), 2u);
  made(Precision::tf32, "auto");
  EXPECT_EQ(runs(), 3u) << "a precision without kernels of warpgroups";
}

TEST_F(Proof, StrictMakesARefusalAnError) {
  program("echo wrong\nexit 1");
  ::setenv("PALIMPSEST_SELF_TEST", "on,strict", 1);
  expect_error("the tiled kernels are refused on", [] { make_cuda_device(CudaKind::emulated); });
}

}  // namespace
}  // namespace palimpsest
