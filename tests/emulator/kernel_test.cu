// A kernel's view: indices, barriers, votes, shuffles, atomics, in every order of the threads.
#include <gtest/gtest.h>

#include "emulator_test.h"

namespace {

using palimpsest::simt::Order;

class EveryOrder : public EmulatorTest, public testing::WithParamInterface<Order> {
 protected:
  void SetUp() override { palimpsest::simt::set_order(GetParam()); }
  void TearDown() override { palimpsest::simt::set_order({}); }
};
INSTANTIATE_TEST_SUITE_P(Orders, EveryOrder,
                         testing::Values(Order{Order::Kind::Plain, 0}, Order{Order::Kind::Reversed, 0},
                                         Order{Order::Kind::Shuffled, 1}, Order{Order::Kind::Shuffled, 2}));

// Operations whose result depends on the order do not compile.
template <typename T>
concept HasAtomicAdd = requires(T* address, T value) { atomicAdd(address, value); };
static_assert(HasAtomicAdd<int> && HasAtomicAdd<unsigned> && HasAtomicAdd<unsigned long long>);
static_assert(!HasAtomicAdd<float> && !HasAtomicAdd<double>);

__global__ void number(unsigned* out) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  out[block * threads + thread] = block * 1000 + thread;
}
TEST_P(EveryOrder, ThreadsHaveTheirIndices) {
  Buffer<unsigned> out(2 * 3 * 2 * 40);
  CUDA_LAUNCH(number, dim3(2, 3, 2), dim3(5, 4, 2), 0, nullptr, out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  const auto values = out.host();
  for (unsigned block = 0; block < 12; ++block)
    for (unsigned thread = 0; thread < 40; ++thread) ASSERT_EQ(values[block * 40 + thread], block * 1000 + thread);
}

__global__ void block_sum(const float* in, float* out) {
  SHARED_ARRAY(float, sums, 256);
  sums[threadIdx.x] = in[blockIdx.x * blockDim.x + threadIdx.x];
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) out[blockIdx.x] = sums[0];
}
TEST_P(EveryOrder, SharedMemoryAndBarriers) {
  Buffer<float> in(counting(1024)), out(4);
  CUDA_LAUNCH(block_sum, 4, 256, 0, nullptr, in.get(), out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(out.host(), (std::vector<float>{32640, 98176, 163712, 229248}));
}

// Threads that have returned are not waited for.
__global__ void some_return(int* out, int stay) {
  if (static_cast<int>(threadIdx.x) >= stay) return;
  __syncthreads();
  out[threadIdx.x] = __syncthreads_count(threadIdx.x % 2 == 0);
}
TEST_P(EveryOrder, ExitedThreadsDoNotCountAtBarriers) {
  Buffer<int> out(64);
  out.zero();
  CUDA_LAUNCH(some_return, 1, 64, 0, nullptr, out.get(), 41);
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  const auto counts = out.host();
  EXPECT_EQ(counts[0], 21);
  EXPECT_EQ(counts[40], 21);
  EXPECT_EQ(counts[41], 0);
}

__global__ void block_votes(int* out, int threshold) {
  const int own = static_cast<int>(threadIdx.x) >= threshold;
  const int all = __syncthreads_and(own), any = __syncthreads_or(own);
  if (threadIdx.x == 0) *out = all * 2 + any;
}
TEST_P(EveryOrder, BlockVotes) {
  Buffer<int> out(1);
  for (const auto& [threshold, expected] : {std::pair{0, 3}, std::pair{1, 1}, std::pair{64, 0}}) {
    CUDA_LAUNCH(block_votes, 1, 64, 0, nullptr, out.get(), threshold);
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    EXPECT_EQ(out.host()[0], expected);
  }
}

struct Shuffles {
  int index, up, down, exchanged, index_in_8, up_in_8, down_in_8, xor_in_8;
};
__global__ void shuffles(Shuffles* out) {
  const int lane = static_cast<int>(threadIdx.x);
  constexpr unsigned all = 0xffffffffu;
  out[lane] = {__shfl_sync(all, lane, 40),        __shfl_up_sync(all, lane, 3),    __shfl_down_sync(all, lane, 3),
               __shfl_xor_sync(all, lane, 5),     __shfl_sync(all, lane, 11, 8),   __shfl_up_sync(all, lane, 3, 8),
               __shfl_down_sync(all, lane, 3, 8), __shfl_xor_sync(all, lane, 9, 8)};
}
TEST_P(EveryOrder, ShufflesFollowThePtxDefinition) {
  Buffer<Shuffles> out(32);
  CUDA_LAUNCH(shuffles, 1, 32, 0, nullptr, out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  const auto values = out.host();
  for (int lane = 0; lane < 32; ++lane) {
    const Shuffles& own = values[static_cast<std::size_t>(lane)];
    const int segment = lane / 8 * 8;
    EXPECT_EQ(own.index, 40 % 32);
    EXPECT_EQ(own.up, lane < 3 ? lane : lane - 3);
    EXPECT_EQ(own.down, lane + 3 > 31 ? lane : lane + 3);
    EXPECT_EQ(own.exchanged, lane ^ 5);
    EXPECT_EQ(own.index_in_8, segment + 3);
    EXPECT_EQ(own.up_in_8, lane - 3 < segment ? lane : lane - 3);
    EXPECT_EQ(own.down_in_8, lane + 3 >= segment + 8 ? lane : lane + 3);
    EXPECT_EQ(own.xor_in_8, (lane ^ 9) >= segment + 8 ? lane : lane ^ 9);  // a later segment is out of reach
  }
}

__global__ void wide_shuffles(double* a, long long* b) {
  a[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.5 * threadIdx.x, 1);
  b[threadIdx.x] = __shfl_xor_sync(0xffffffffu, static_cast<long long>(threadIdx.x) << 40, 1);
}
TEST_P(EveryOrder, EightByteShuffles) {
  Buffer<double> a(32);
  Buffer<long long> b(32);
  CUDA_LAUNCH(wide_shuffles, 1, 32, 0, nullptr, a.get(), b.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(a.host()[4], 7.5);
  EXPECT_EQ(b.host()[4], 5LL << 40);
}

struct Votes {
  unsigned ballot, match;
  int any, all;
};
__global__ void votes(Votes* out) {
  const unsigned half = threadIdx.x % 32 < 16 ? 0x0000ffffu : 0xffff0000u;
  out[threadIdx.x] = {__ballot_sync(half, threadIdx.x % 3 == 0), __match_any_sync(half, threadIdx.x % 4),
                      __any_sync(half, threadIdx.x == 5), __all_sync(half, threadIdx.x < 16)};
}
TEST_P(EveryOrder, VotesOfHalfWarps) {
  Buffer<Votes> out(32);
  CUDA_LAUNCH(votes, 1, 32, 0, nullptr, out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  const auto values = out.host();
  EXPECT_EQ(values[2].ballot, 0x9249u);
  EXPECT_EQ(values[20].ballot, 0x49240000u);
  EXPECT_EQ(values[2].match, 0x4444u);
  EXPECT_EQ(values[16].match, 0x11110000u);
  EXPECT_EQ(values[2].any, 1);
  EXPECT_EQ(values[20].any, 0);
  EXPECT_EQ(values[2].all, 1);
  EXPECT_EQ(values[20].all, 0);
}

__global__ void atomics(int* i, unsigned* u, unsigned long long* l) {
  atomicAdd(i, 2);
  atomicSub(i + 1, 1);
  atomicMax(i + 2, static_cast<int>(threadIdx.x));
  atomicMin(i + 3, -static_cast<int>(threadIdx.x));
  atomicAnd(u, ~(1u << threadIdx.x % 32));
  atomicOr(u + 1, 1u << threadIdx.x % 32);
  atomicXor(u + 2, 1u);
  if (atomicCAS(u + 3, 0u, threadIdx.x + 1) == 0u) atomicExch(u + 4, 7u);
  atomicAdd(l, 1ull << 33);
}
TEST_P(EveryOrder, Atomics) {
  Buffer<int> i(4);
  Buffer<unsigned> u(std::vector<unsigned>{0xffffffffu, 0, 0, 0, 0});
  Buffer<unsigned long long> l(1);
  i.zero();
  l.zero();
  CUDA_LAUNCH(atomics, 2, 64, 0, nullptr, i.get(), u.get(), l.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(i.host(), (std::vector<int>{256, -128, 63, -63}));
  const auto bits = u.host();
  EXPECT_EQ(bits[0], 0u);
  EXPECT_EQ(bits[1], 0xffffffffu);
  EXPECT_EQ(bits[2], 0u);
  EXPECT_NE(bits[3], 0u);
  EXPECT_EQ(bits[4], 7u);
  EXPECT_EQ(l.host()[0], 128ull << 33);
}

// A thread keeps its stack across barriers, whichever fiber it runs on.
__global__ void local_state(int* out, int rounds) {
  int history[8] = {};
  for (int round = 0; round < rounds; ++round) {
    history[round % 8] += static_cast<int>(threadIdx.x) * round;
    if (round % 3 == 0) __syncthreads();
  }
  int sum = 0;
  for (int value : history) sum += value;
  out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}
TEST_P(EveryOrder, LocalVariablesSurviveBarriers) {
  Buffer<int> out(3 * 1024);
  CUDA_LAUNCH(local_state, 3, 1024, 0, nullptr, out.get(), 20);
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  const auto sums = out.host();
  for (int i = 0; i < 3 * 1024; ++i) ASSERT_EQ(sums[static_cast<std::size_t>(i)], i % 1024 * 190);
}

__global__ void stop(int* out) {
  if (blockIdx.x == 1 && threadIdx.x == 3) __trap();
  __syncthreads();
  out[blockIdx.x * blockDim.x + threadIdx.x] = 1;
}
TEST_F(EmulatorTest, ATrapIsAStickyError) {
  Buffer<int> out(96);
  out.zero();
  CUDA_LAUNCH(stop, 3, 32, 0, nullptr, out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, 16), cudaErrorLaunchFailure);
  ASSERT_EQ(cudaDeviceReset(), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  out.forget();  // the reset freed it
}

// A kernel without barriers runs on one fiber: one switch for each warp.
__global__ void plain(float* out) {
  out[blockIdx.x * blockDim.x + threadIdx.x] = 1;
}
TEST_F(EmulatorTest, ThreadsThatNeverWaitCostNoFiber) {
  Buffer<float> out(512);
  const auto before = palimpsest::simt::statistics();
  CUDA_LAUNCH(plain, 2, 256, 0, nullptr, out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const auto after = palimpsest::simt::statistics();
  EXPECT_EQ(after.switches - before.switches, 16u);
  EXPECT_EQ(after.threads - before.threads, 512u);
}

}  // namespace
