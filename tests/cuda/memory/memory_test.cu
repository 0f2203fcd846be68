#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "cuda/memory_pool.h"
#include "cuda/upload.h"
#include "ops/out_of_memory.h"

// Device memory and transfers, on the emulated GPU with 16 MB.
namespace palimpsest::PALIMPSEST_CUDA {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

TEST(MemoryPool, AsksTheDriverOnceForWhatComesAgain) {
  const Stream stream;
  const auto pool = std::make_shared<MemoryPool>(stream);
  std::size_t calls = 0;
  for (int turn = 0; turn < 5; ++turn) {
    const DeviceBuffer a(pool, 1000), b(pool, 1000), c(pool, 70000);
    EXPECT_NE(a.data(), b.data());
    if (turn == 0) calls = pool->driver_calls();
  }
  EXPECT_EQ(pool->driver_calls(), calls);
  EXPECT_EQ(calls, 3u);
}

TEST(MemoryPool, GivesUpWhatIsSpareBeforeItFails) {
  const Stream stream;
  const auto pool = std::make_shared<MemoryPool>(stream);
  {
    const DeviceBuffer spare(pool, 10 * kMegabyte);
  }
  EXPECT_GE(pool->held(), 10 * kMegabyte);
  EXPECT_NO_THROW(DeviceBuffer(pool, 12 * kMegabyte));
  try {
    const DeviceBuffer too_large(pool, 20 * kMegabyte);
    ADD_FAILURE() << "20 of 16 MB";
  } catch (const OutOfMemory& error) {
    EXPECT_EQ(error.asked, 20 * kMegabyte);
    EXPECT_GT(error.free, 0u);
    EXPECT_LE(error.free, 16 * kMegabyte);
  }
  EXPECT_NO_THROW(DeviceBuffer(pool, kMegabyte)) << "afterwards all is as it was";
}

// Uploads come down unchanged, through both halves in turn, and after the first rounds nothing is allocated.
TEST(Uploader, KeepsTurnsApart) {
  const Stream compute;
  const auto pool = std::make_shared<MemoryPool>(compute);
  Uploader up(compute, pool);
  Downloader down(compute, pool);
  constexpr std::size_t count = 5000, bytes = count * sizeof(int);
  std::vector<std::unique_ptr<DeviceBuffer>> kept;
  for (int turn = 0; turn < 9; ++turn) kept.push_back(std::make_unique<DeviceBuffer>(pool, bytes));
  std::size_t calls = 0;
  for (int turn = 0; turn < 9; ++turn) {
    up.send(
        bytes,
        [&](void* host) {
          for (std::size_t i = 0; i < count; ++i) static_cast<int*>(host)[i] = turn * 100000 + int(i);
        },
        [&](const void* device) {
          CUDA_CHECK(
              cudaMemcpyAsync(kept[std::size_t(turn)]->data(), device, bytes, cudaMemcpyDeviceToDevice, compute.get()));
        });
    if (turn == 1) calls = pool->driver_calls();
  }
  EXPECT_EQ(pool->driver_calls(), calls);
  std::vector<int> got(count);
  for (int turn = 0; turn < 9; ++turn) {
    down.fetch(
        bytes,
        [&](void* device) {
          CUDA_CHECK(
              cudaMemcpyAsync(device, kept[std::size_t(turn)]->data(), bytes, cudaMemcpyDeviceToDevice, compute.get()));
        },
        [&](const void* host) { std::memcpy(got.data(), host, bytes); });
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(got[i], turn * 100000 + int(i)) << "turn " << turn;
  }
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA

int main(int argc, char** argv) {
  ::setenv("PALIMPSEST_EMULATOR_MEMORY_MB", "16", 1);  // before the first call of the runtime
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
