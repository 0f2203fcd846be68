#include "cuda/divisor.h"

#include <algorithm>

#include "base/error.h"
#include "cuda/launch.h"
#include "tests/cuda_kernels/device_array.h"

// Indices that kernels divide by multiplying.
namespace palimpsest::PALIMPSEST_CUDA {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<int>::max();

void expect_exact(const Divisor& by, std::int64_t d, std::int64_t n) {
  if (n < 0 || n > kMost) return;
  EXPECT_EQ(by.quotient(int(n)), n / d) << n << " / " << d;
  EXPECT_EQ(by.remainder(int(n)), n % d) << n << " % " << d;
}

// A quotient can be wrong only next to a multiple of the divisor.
TEST(Divisor, IsExactBesideEveryMultipleOfASmallDivisor) {
  for (const std::int64_t d : {1, 2, 3, 5, 7, 10, 14, 28, 56, 112, 224, 641, 1000, 4095, 4096, 4097}) {
    const Divisor by{int(d)};
    const std::int64_t step = std::max<std::int64_t>(1, kMost / d / 20000) * d;
    for (std::int64_t multiple = 0; multiple <= kMost; multiple += step)
      for (const std::int64_t n : {multiple - 1, multiple, multiple + 1}) expect_exact(by, d, n);
  }
}

TEST(Divisor, IsExactAtTheEdges) {
  for (int shift = 0; shift <= 31; ++shift)
    for (const std::int64_t d :
         {(std::int64_t{1} << shift) - 1, std::int64_t{1} << shift, (std::int64_t{1} << shift) + 1}) {
      if (d < 1 || d > kMost) continue;
      const Divisor by{int(d)};
      for (const std::int64_t multiple :
           {std::int64_t{0}, d, 2 * d, kMost / d / 2 * d, kMost / d * d, kMost - 1, kMost})
        for (const std::int64_t n : {multiple - 1, multiple, multiple + 1}) expect_exact(by, d, n);
    }
}

TEST(Divisor, TakesAnEmptyExtentAsOne) {
  EXPECT_EQ(Divisor(0).quotient(5), 5);
}

__global__ void divide_all(Divisor by, int first, int count, int* quotients) {
  for (int i = int(first_index()); i < count; i += int(grid_stride())) quotients[i] = by.quotient(first + i);
}

TEST(Divisor, IsTheSameOnTheDevice) {
  constexpr int count = 1000;
  for (const int d : {1, 3, 64, 224, 65537, 2147483647})
    for (const int first : {0, 2147483647 - count}) {
      const DeviceArray<int> quotients(std::vector<int>(count, -1));
      CUDA_LAUNCH(divide_all, 2, kThreads, 0, nullptr, Divisor(d), first, count, quotients.get());
      CUDA_LAUNCH_CHECK();
      const std::vector<int> got = quotients.download();
      for (int i = 0; i < count; ++i) EXPECT_EQ(got[std::size_t(i)], (first + i) / d) << first + i << " / " << d;
    }
}

TEST(CountToDivide, IsRefusedWhereTheLastStrideWouldOverflow) {
  const std::size_t most = std::size_t(kMost) - kMostBlocks * kThreads;
  EXPECT_EQ(count_to_divide(most), int(most));
  EXPECT_THROW(count_to_divide(most + 1), Error);
  EXPECT_THROW(count_to_divide(std::size_t{1} << 32), Error);
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
