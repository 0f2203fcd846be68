// The runtime: memory, streams, events, graphs, limits, errors.
#include <algorithm>
#include <cstring>
#include <set>

#include "emulator_test.h"

namespace {

namespace simt = palimpsest::simt;

__global__ void add(const float* in, float* out, float value) {
  out[threadIdx.x] = in[threadIdx.x] + value;
}
void launch_add(const float* in, float* out, float value, cudaStream_t stream) {
  CUDA_LAUNCH(add, 1, 32, 0, stream, in, out, value);
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
}

struct Stream {
  explicit Stream(unsigned flags = cudaStreamNonBlocking) {
    EXPECT_EQ(cudaStreamCreateWithFlags(&handle, flags), cudaSuccess);
  }
  ~Stream() { EXPECT_EQ(cudaStreamDestroy(handle), cudaSuccess); }
  cudaStream_t handle = nullptr;
};
struct Event {
  explicit Event(unsigned flags = cudaEventDefault) {
    EXPECT_EQ(cudaEventCreateWithFlags(&handle, flags), cudaSuccess);
  }
  ~Event() { EXPECT_EQ(cudaEventDestroy(handle), cudaSuccess); }
  cudaEvent_t handle = nullptr;
};

class Streams : public EmulatorTest {
 protected:
  void SetUp() override { simt::set_streams_deferred(1); }
  void TearDown() override { simt::set_streams_deferred(1); }
};

TEST_F(Streams, DeferredWorkRunsWhenSomebodyWaits) {
  Stream stream;
  Buffer<float> a(counting(32)), b(32);
  const auto before = simt::statistics().launches;
  launch_add(a.get(), b.get(), 1, stream.handle);
  EXPECT_EQ(simt::statistics().launches, before);
  ASSERT_EQ(cudaStreamSynchronize(stream.handle), cudaSuccess);
  EXPECT_EQ(simt::statistics().launches, before + 1);
}

TEST_F(Streams, ImmediateWorkRunsAtOnce) {
  simt::set_streams_immediate();
  Stream stream;
  Buffer<float> a(counting(32)), b(32);
  const auto before = simt::statistics().launches;
  launch_add(a.get(), b.get(), 1, stream.handle);
  EXPECT_EQ(simt::statistics().launches, before + 1);
}

// Two streams without a dependency: over the seeds both orders occur.
TEST_F(Streams, IndependentStreamsRunInEitherOrder) {
  std::set<float> seen;
  for (unsigned seed = 1; seed <= 32; ++seed) {
    simt::set_streams_deferred(seed);
    Stream first, second;
    Buffer<float> a(counting(32)), out(32);
    launch_add(a.get(), out.get(), 1, first.handle);
    launch_add(a.get(), out.get(), 2, second.handle);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    seen.insert(out.host()[0]);
  }
  EXPECT_EQ(seen, (std::set<float>{1, 2}));
}

TEST_F(Streams, BlockingStreamsAndTheLegacyStreamWaitForEachOther) {
  for (unsigned seed = 1; seed <= 32; ++seed) {
    simt::set_streams_deferred(seed);
    Stream blocking(cudaStreamDefault);
    Buffer<float> a(counting(32)), b(32), c(32), d(32);
    launch_add(a.get(), b.get(), 1, blocking.handle);
    launch_add(b.get(), c.get(), 1, nullptr);
    launch_add(c.get(), d.get(), 1, blocking.handle);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    ASSERT_EQ(d.host()[4], 7);
  }
}

TEST_F(Streams, EventsOrderStreams) {
  for (unsigned seed = 1; seed <= 32; ++seed) {
    simt::set_streams_deferred(seed);
    Stream first, second;
    Event done;
    Buffer<float> a(counting(32)), b(32), c(32);
    launch_add(a.get(), b.get(), 1, first.handle);
    ASSERT_EQ(cudaEventRecord(done.handle, first.handle), cudaSuccess);
    launch_add(a.get(), b.get(), 100, second.handle);  // before the wait: free to run first
    ASSERT_EQ(cudaStreamWaitEvent(second.handle, done.handle), cudaSuccess);
    launch_add(a.get(), b.get(), 2, second.handle);
    ASSERT_EQ(cudaStreamSynchronize(second.handle), cudaSuccess);
    ASSERT_EQ(b.host()[4], 6);
  }
}

TEST_F(Streams, AWaitIsForTheRecordThatCameBeforeIt) {
  for (unsigned seed = 1; seed <= 32; ++seed) {
    simt::set_streams_deferred(seed);
    Stream first, second, third;
    Event event;
    Buffer<float> a(counting(32)), b(32), c(32);
    launch_add(a.get(), b.get(), 1, first.handle);
    ASSERT_EQ(cudaEventRecord(event.handle, first.handle), cudaSuccess);
    ASSERT_EQ(cudaStreamWaitEvent(second.handle, event.handle), cudaSuccess);
    ASSERT_EQ(cudaEventRecord(event.handle, third.handle), cudaSuccess);  // does not release the second stream
    launch_add(b.get(), c.get(), 1, second.handle);
    ASSERT_EQ(cudaStreamSynchronize(second.handle), cudaSuccess);
    ASSERT_EQ(c.host()[4], 6);
  }
}

TEST_F(Streams, QueriesMakeProgress) {
  Stream stream;
  Event event;
  Buffer<float> a(counting(32)), b(32);
  launch_add(a.get(), b.get(), 1, stream.handle);
  ASSERT_EQ(cudaEventRecord(event.handle, stream.handle), cudaSuccess);
  int queries = 0;
  while (cudaEventQuery(event.handle) == cudaErrorNotReady) ASSERT_LT(++queries, 10);
  EXPECT_EQ(cudaStreamQuery(stream.handle), cudaSuccess);
}

TEST_F(Streams, ElapsedTimeNeedsTwoFinishedTimingEvents) {
  Event start, end, untimed(cudaEventDisableTiming);
  float milliseconds = -1;
  ASSERT_EQ(cudaEventRecord(start.handle), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(end.handle), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start.handle, end.handle), cudaErrorNotReady);
  ASSERT_EQ(cudaEventSynchronize(end.handle), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start.handle, end.handle), cudaSuccess);
  EXPECT_GE(milliseconds, 0);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, untimed.handle, end.handle), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
}

TEST_F(Streams, HostFunctionsAndForeignWorkRunInOrder) {
  Stream stream;
  std::vector<int> order;
  simt::enqueue(stream.handle, "first", [&] { order.push_back(1); });
  ASSERT_EQ(cudaLaunchHostFunc(
                stream.handle, [](void* list) { static_cast<std::vector<int>*>(list)->push_back(2); }, &order),
            cudaSuccess);
  EXPECT_TRUE(order.empty());
  ASSERT_EQ(cudaStreamSynchronize(stream.handle), cudaSuccess);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(Streams, PageableMemoryIsStaged) {
  Stream stream;
  Buffer<float> a(32);
  std::vector<float> host = counting(32), back(32);
  ASSERT_EQ(cudaMemcpyAsync(a.get(), host.data(), a.bytes(), cudaMemcpyHostToDevice, stream.handle), cudaSuccess);
  host[4] = -1;  // too late to matter
  ASSERT_EQ(cudaMemcpyAsync(back.data(), a.get(), a.bytes(), cudaMemcpyDeviceToHost, stream.handle), cudaSuccess);
  EXPECT_EQ(back[4], 4);  // without waiting
}

TEST_F(Streams, CopiesOfRows) {
  Buffer<float> a(counting(32)), b(32);
  b.zero();
  ASSERT_EQ(cudaMemcpy2DAsync(b.get(), 16, a.get(), 32, 8, 3, cudaMemcpyDeviceToDevice), cudaSuccess);
  const auto values = b.host();
  EXPECT_EQ(std::vector<float>(values.begin(), values.begin() + 10),
            (std::vector<float>{0, 1, 0, 0, 8, 9, 0, 0, 16, 17}));
}

// ---- memory ----

TEST_F(EmulatorTest, FreshMemoryHoldsNaN) {
  const Buffer<float> a(1000);
  const auto values = a.host();
  EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](float value) { return std::isnan(value); }));
}

TEST_F(EmulatorTest, AllocationsAreAlignedAndKnown) {
  const Buffer<char> a(1001);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.get()) % 256, 0u);
  EXPECT_EQ(simt::memory_kind(a.get() + 1000), simt::MemoryKind::Device);
  EXPECT_EQ(simt::bytes_behind(a.get() + 1), 1000u);
  cudaPointerAttributes attributes{};
  ASSERT_EQ(cudaPointerGetAttributes(&attributes, a.get()), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  int local = 0;
  EXPECT_EQ(simt::memory_kind(&local), simt::MemoryKind::Host);
}

TEST_F(EmulatorTest, OutOfMemoryAgainstASettableSize) {
  simt::set_device_memory(1 << 20);
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, 2 << 20), cudaErrorMemoryAllocation);
  EXPECT_EQ(pointer, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);  // not a sticky error
  std::size_t free = 0, total = 0;
  {
    const Buffer<char> a(3 << 18);
    ASSERT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
    EXPECT_EQ(total, 1u << 20);
    EXPECT_EQ(free, 1u << 18);
    EXPECT_EQ(cudaMalloc(&pointer, 1 << 19), cudaErrorMemoryAllocation);
    EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  }
  ASSERT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  EXPECT_EQ(free, total);
  simt::set_device_memory(std::size_t{4} << 30);
}

TEST_F(EmulatorTest, AsynchronousAllocation) {
  Stream stream;
  float* memory = nullptr;
  ASSERT_EQ(cudaMallocAsync(&memory, 128, stream.handle), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(memory, 0, 128, stream.handle), cudaSuccess);
  launch_add(memory, memory, 3, stream.handle);
  std::vector<float> back(32);
  ASSERT_EQ(cudaMemcpyAsync(back.data(), memory, 128, cudaMemcpyDeviceToHost, stream.handle), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(memory, stream.handle), cudaSuccess);
  EXPECT_EQ(back[31], 3);
  ASSERT_EQ(cudaStreamSynchronize(stream.handle), cudaSuccess);
  EXPECT_EQ(simt::memory_kind(memory), simt::MemoryKind::Freed);
}

TEST_F(EmulatorTest, KernelsReachPinnedMemory) {
  float* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 128), cudaSuccess);
  std::fill(pinned, pinned + 32, 1.0f);
  launch_add(pinned, pinned, 1, nullptr);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(pinned[31], 2);
  ASSERT_EQ(cudaFreeHost(pinned), cudaSuccess);
}

// ---- launches ----

__global__ void nothing() {}

TEST_F(EmulatorTest, ImpossibleConfigurationsAreErrorsOfTheLaunch) {
  const auto launch = [](dim3 grid, dim3 block, std::size_t shared) {
    CUDA_LAUNCH(nothing, grid, block, shared, nullptr);
    return cudaGetLastError();
  };
  EXPECT_EQ(launch(1, 1024, 0), cudaSuccess);
  EXPECT_EQ(launch(1, dim3(32, 32, 2), 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(1, dim3(1, 1, 65), 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(1, 0, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(0, 32, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(dim3(1, 65536), 32, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(1, 32, 48 << 10), cudaSuccess);
  EXPECT_EQ(launch(1, 32, (48 << 10) + 1), cudaErrorInvalidValue);
  ASSERT_EQ(cudaFuncSetAttribute(nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 << 10), cudaSuccess);
  EXPECT_EQ(launch(1, 32, 227 << 10), cudaSuccess);
  EXPECT_EQ(cudaFuncSetAttribute(nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, (227 << 10) + 1),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST_F(EmulatorTest, Occupancy) {
  const auto blocks = [](int threads, std::size_t shared) {
    int count = -1;
    EXPECT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&count, nothing, threads, shared), cudaSuccess);
    return count;
  };
  EXPECT_EQ(blocks(256, 0), 8);
  EXPECT_EQ(blocks(32, 0), 32);
  EXPECT_EQ(blocks(33, 0), 32);
  EXPECT_EQ(blocks(64, 40 << 10), 5);
}

// ---- graphs ----

class Graphs : public Streams {
 protected:
  // b = a + value, then c = b + 10 and d = b + 20 side by side, then e = c + 100.
  cudaGraph_t diamond(float value) {
    EXPECT_EQ(cudaStreamBeginCapture(first.handle, cudaStreamCaptureModeThreadLocal), cudaSuccess);
    launch_add(a.get(), b.get(), value, first.handle);
    EXPECT_EQ(cudaEventRecord(forked.handle, first.handle), cudaSuccess);
    EXPECT_EQ(cudaStreamWaitEvent(second.handle, forked.handle), cudaSuccess);
    launch_add(b.get(), c.get(), 10, second.handle);
    launch_add(b.get(), d.get(), 20, first.handle);
    EXPECT_EQ(cudaEventRecord(joined.handle, second.handle), cudaSuccess);
    EXPECT_EQ(cudaStreamWaitEvent(first.handle, joined.handle), cudaSuccess);
    launch_add(c.get(), e.get(), 100, first.handle);
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(first.handle, &graph), cudaSuccess);
    return graph;
  }
  Stream first, second;
  Event forked, joined;
  Buffer<float> a{counting(32)}, b{32}, c{32}, d{32}, e{32};
};

TEST_F(Graphs, CapturedWorkRunsWhenLaunchedAndCanBeUpdated) {
  for (unsigned seed = 1; seed <= 16; ++seed) {
    simt::set_streams_deferred(seed);
    const auto before = simt::statistics().launches;
    cudaGraph_t graph = diamond(1), other = diamond(2);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(simt::statistics().launches, before);
    cudaGraphExec_t executable = nullptr;
    ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
    ASSERT_EQ(cudaGraphLaunch(executable, first.handle), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(first.handle), cudaSuccess);
    EXPECT_EQ(e.host()[4], 4 + 1 + 10 + 100);
    EXPECT_EQ(d.host()[4], 4 + 1 + 20);
    cudaGraphExecUpdateResultInfo info{};
    ASSERT_EQ(cudaGraphExecUpdate(executable, other, &info), cudaSuccess);
    ASSERT_EQ(cudaGraphLaunch(executable, first.handle), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(first.handle), cudaSuccess);
    EXPECT_EQ(e.host()[4], 4 + 2 + 10 + 100);
    EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(other), cudaSuccess);
  }
}

TEST_F(Graphs, AnotherTopologyIsRefused) {
  cudaGraph_t graph = diamond(1), shorter = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(first.handle, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  launch_add(a.get(), b.get(), 1, first.handle);
  ASSERT_EQ(cudaStreamEndCapture(first.handle, &shorter), cudaSuccess);
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
  cudaGraphExecUpdateResultInfo info{};
  EXPECT_EQ(cudaGraphExecUpdate(executable, shorter, &info), cudaErrorGraphExecUpdateFailure);
  EXPECT_EQ(info.result, cudaGraphExecUpdateErrorTopologyChanged);
  EXPECT_EQ(cudaGetLastError(), cudaErrorGraphExecUpdateFailure);
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(shorter), cudaSuccess);
}

TEST_F(Graphs, CaptureForbidsWhatItCannotRecord) {
  const auto end = [&] {
    cudaGraph_t graph = nullptr;
    const cudaError_t error = cudaStreamEndCapture(first.handle, &graph);
    EXPECT_EQ(graph != nullptr, error == cudaSuccess);
    cudaGetLastError();
    return error;
  };
  const auto begin = [&] { ASSERT_EQ(cudaStreamBeginCapture(first.handle, cudaStreamCaptureModeGlobal), cudaSuccess); };
  void* memory = nullptr;
  begin();
  EXPECT_EQ(cudaMalloc(&memory, 16), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  begin();
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  begin();
  ASSERT_EQ(cudaEventRecord(forked.handle, first.handle), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(forked.handle), cudaErrorCapturedEvent);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  begin();
  ASSERT_EQ(cudaEventRecord(joined.handle, second.handle), cudaSuccess);  // outside of the capture
  EXPECT_EQ(cudaStreamWaitEvent(first.handle, joined.handle), cudaErrorStreamCaptureIsolation);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(end(), cudaErrorIllegalState);  // nothing is being captured any more
}

TEST_F(EmulatorTest, OneDeviceAndItsLimits) {
  int count = 0, value = 0;
  ASSERT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 1);
  cudaDeviceProp properties{};
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_EQ(properties.major, 9);
  EXPECT_EQ(properties.sharedMemPerBlockOptin, 227u << 10);
  ASSERT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
  EXPECT_EQ(value, 227 << 10);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidDevice), "cudaErrorInvalidDevice");
}

}  // namespace
