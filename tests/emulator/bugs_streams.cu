// Streams, events, graphs, and memory that follows a stream's order. Each program runs in many of the orders that CUDA
// allows; one wrong result is enough.
#include "bugs.h"
#include "simt/work.h"

using namespace bugs;

namespace {

constexpr int kCount = 64;

__global__ void increment(const float* in, float* out) {
  out[threadIdx.x] = in[threadIdx.x] + 1;
}

template <typename Program>
void in_many_orders(const Program& program) {
  for (unsigned seed = 1; seed <= 16; ++seed) {
    palimpsest::simt::set_streams_deferred(seed);
    program();
  }
}

struct Stream {
  Stream() { MUST(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)); }
  ~Stream() { MUST(cudaStreamDestroy(stream)); }
  cudaStream_t stream = nullptr;
};
struct Event {
  Event() { MUST(cudaEventCreateWithFlags(&event, cudaEventDisableTiming)); }
  ~Event() { MUST(cudaEventDestroy(event)); }
  cudaEvent_t event = nullptr;
};
struct Pinned {
  explicit Pinned(float first) {
    MUST(cudaMallocHost(&data, kCount * sizeof(float)));
    for (int i = 0; i < kCount; ++i) data[i] = first;
  }
  ~Pinned() { MUST(cudaFreeHost(data)); }
  float* data = nullptr;
};

void launch_increment(const float* in, float* out, cudaStream_t stream) {
  CUDA_LAUNCH(increment, 1, kCount, 0, stream, in, out);
  MUST_LAUNCH();
}

}  // namespace

PLANTED(wrong_stream_order, "plain=wrong result") {
  in_many_orders([&] {
    Stream first, second;
    Event done;
    Buffer<float> a(counting(kCount)), b(kCount), c(kCount);
    launch_increment(a.get(), b.get(), first.stream);
    MUST(cudaEventRecord(done.event, first.stream));
    if (!planted) MUST(cudaStreamWaitEvent(second.stream, done.event));
    launch_increment(b.get(), c.get(), second.stream);
    MUST(cudaDeviceSynchronize());
    EXPECT(c.host()[5] == 7);
  });
}

PLANTED(event_recorded_too_early, "plain=wrong result") {
  in_many_orders([&] {
    Stream first, second;
    Event done;
    Buffer<float> a(counting(kCount)), b(kCount), c(kCount);
    if (planted) MUST(cudaEventRecord(done.event, first.stream));
    launch_increment(a.get(), b.get(), first.stream);
    if (!planted) MUST(cudaEventRecord(done.event, first.stream));
    MUST(cudaStreamWaitEvent(second.stream, done.event));
    launch_increment(b.get(), c.get(), second.stream);
    MUST(cudaDeviceSynchronize());
    EXPECT(c.host()[5] == 7);
  });
}

PLANTED(missing_host_wait, "plain=wrong result") {
  in_many_orders([&] {
    Stream stream;
    Pinned result(-1);
    Buffer<float> a(counting(kCount)), b(kCount);
    launch_increment(a.get(), b.get(), stream.stream);
    MUST(cudaMemcpyAsync(result.data, b.get(), b.bytes(), cudaMemcpyDeviceToHost, stream.stream));
    if (!planted) MUST(cudaStreamSynchronize(stream.stream));
    EXPECT(result.data[5] == 6);
  });
}

PLANTED(pinned_source_reused, "plain=wrong result") {
  in_many_orders([&] {
    Stream stream;
    Pinned source(3);
    Buffer<float> a(kCount);
    MUST(cudaMemcpyAsync(a.get(), source.data, a.bytes(), cudaMemcpyHostToDevice, stream.stream));
    if (!planted) MUST(cudaStreamSynchronize(stream.stream));
    source.data[5] = 4;
    MUST(cudaStreamSynchronize(stream.stream));
    EXPECT(a.host()[5] == 3);
  });
}

// A copy in the legacy stream does not wait for a non-blocking stream.
PLANTED(copy_beside_stream, "plain=wrong result") {
  in_many_orders([&] {
    Stream stream;
    Buffer<float> a(counting(kCount)), b(kCount);
    launch_increment(a.get(), b.get(), stream.stream);
    if (!planted) MUST(cudaStreamSynchronize(stream.stream));
    EXPECT(b.host()[5] == 6);
  });
}

PLANTED(use_after_async_free, "plain=use after free@line") {
  in_many_orders([&] {
    Stream first, second;
    Event filled, used;
    Buffer<float> out(kCount);
    float* memory = nullptr;
    MUST(cudaMallocAsync(&memory, kCount * sizeof(float), first.stream));
    MUST(cudaMemsetAsync(memory, 0, kCount * sizeof(float), first.stream));
    MUST(cudaEventRecord(filled.event, first.stream));
    MUST(cudaStreamWaitEvent(second.stream, filled.event));
    CUDA_LAUNCH(increment, 1, kCount, 0, second.stream, memory, out.get());  // BUG use_after_async_free
    MUST_LAUNCH();
    MUST(cudaEventRecord(used.event, second.stream));
    if (!planted) MUST(cudaStreamWaitEvent(first.stream, used.event));
    MUST(cudaFreeAsync(memory, first.stream));
    MUST(cudaDeviceSynchronize());
  });
}

PLANTED(use_before_async_allocation, "plain=use before allocation") {
  in_many_orders([&] {
    Stream first, second;
    Event allocated;
    Buffer<float> in(counting(kCount));
    float* memory = nullptr;
    MUST(cudaMallocAsync(&memory, kCount * sizeof(float), first.stream));
    MUST(cudaEventRecord(allocated.event, first.stream));
    if (!planted) MUST(cudaStreamWaitEvent(second.stream, allocated.event));
    launch_increment(in.get(), memory, second.stream);
    MUST(cudaDeviceSynchronize());
    MUST(cudaFree(memory));
  });
}

static void capture(bool join) {
  Stream first, second;
  Event forked, joined;
  Buffer<float> a(counting(kCount)), b(kCount);
  cudaGraph_t graph = nullptr;
  MUST(cudaStreamBeginCapture(first.stream, cudaStreamCaptureModeThreadLocal));
  MUST(cudaEventRecord(forked.event, first.stream));
  MUST(cudaStreamWaitEvent(second.stream, forked.event));
  launch_increment(a.get(), b.get(), second.stream);
  MUST(cudaEventRecord(joined.event, second.stream));
  if (join) MUST(cudaStreamWaitEvent(first.stream, joined.event));
  MUST(cudaStreamEndCapture(first.stream, &graph));  // BUG unjoined_capture
  MUST(cudaGraphDestroy(graph));
}
PLANTED(unjoined_capture, "plain=CUDA error@line") {
  capture(!planted);
}

PLANTED(wait_within_capture, "plain=CUDA error@line") {
  Stream stream;
  Buffer<float> a(counting(kCount)), b(kCount);
  cudaGraph_t graph = nullptr;
  MUST(cudaStreamBeginCapture(stream.stream, cudaStreamCaptureModeThreadLocal));
  launch_increment(a.get(), b.get(), stream.stream);
  if (planted) MUST(cudaStreamSynchronize(stream.stream));  // BUG wait_within_capture
  MUST(cudaStreamEndCapture(stream.stream, &graph));
  MUST(cudaGraphDestroy(graph));
}

PLANTED(leaked_stream, "plain=leak") {
  cudaStream_t stream = nullptr;
  MUST(cudaStreamCreate(&stream));
  if (!planted) MUST(cudaStreamDestroy(stream));
}
