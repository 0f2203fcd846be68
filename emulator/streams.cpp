#include "streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "api.h"
#include "graph.h"
#include "memory.h"
#include "simt/runtime_api.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

struct Queues {
  std::vector<std::unique_ptr<CUstream_st>> streams;  // the legacy stream first
  std::uint64_t sequence = 0;
  bool immediate = false;
  std::uint64_t random = 1;
  int running = 0;

  Queues() {
    streams.push_back(std::make_unique<CUstream_st>());
    const char* value = std::getenv("PALIMPSEST_EMULATOR_STREAMS");
    if (!value) return;
    const std::string_view text = value;
    immediate = text == "immediate";
    if (immediate) return;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), random);
    if (error != std::errc() || end != text.data() + text.size())
      finding("misuse", fmt::format("PALIMPSEST_EMULATOR_STREAMS is '{}'; use immediate or a seed", text));
  }
};
Queues& queues() {
  static auto* instance = new Queues;  // outlives static destructors
  return *instance;
}

std::uint64_t draw() {  // xorshift64*, separate from the threads' so that the two orders are independent
  std::uint64_t& x = queues().random;
  if (x == 0) x = 0x9E3779B97F4A7C15u;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  return x * 0x2545F4914F6CDD1Du >> 32;
}

bool runnable(const CUstream_st& stream) {
  if (stream.queue.empty()) return false;
  const Operation& next = stream.queue.front();
  if (next.after && !next.after->done) return false;
  // The legacy stream and the blocking streams wait for each other's earlier work.
  const auto earlier = [&](const CUstream_st& other) {
    return !other.queue.empty() && other.queue.front().sequence < next.sequence;
  };
  if (&stream == &legacy_stream())
    return std::none_of(queues().streams.begin(), queues().streams.end(), [&](const auto& other) {
      return other.get() != &stream && other->blocking && earlier(*other);
    });
  return !stream.blocking || !earlier(legacy_stream());
}

void run_next(CUstream_st& stream) {
  Operation operation = std::move(stream.queue.front());
  stream.queue.pop_front();
  if (!operation.run || sticky() != cudaSuccess) return;
  const Executing executing(operation.name.c_str());
  operation.run();
}

// Runs one random runnable operation; false if nothing is queued.
bool step() {
  std::vector<CUstream_st*> ready;
  for (const auto& stream : queues().streams) {
    if (runnable(*stream)) ready.push_back(stream.get());
  }
  if (ready.empty()) return false;
  run_next(*ready[draw() % ready.size()]);
  return true;
}

void drop_destroyed() {
  auto& streams = queues().streams;
  std::erase_if(streams, [](const auto& stream) { return stream->destroyed && stream->queue.empty(); });
}

}  // namespace

CUstream_st& legacy_stream() {
  return *queues().streams.front();
}
const std::vector<std::unique_ptr<CUstream_st>>& all_streams() {
  return queues().streams;
}

CUstream_st* find_stream(cudaStream_t handle) {
  if (!handle) return &legacy_stream();
  for (const auto& stream : queues().streams) {
    if (stream.get() == handle && stream.get() != &legacy_stream()) return stream->destroyed ? nullptr : stream.get();
  }
  return nullptr;
}

CUstream_st* add_stream(bool blocking) {
  queues().streams.push_back(std::make_unique<CUstream_st>());
  queues().streams.back()->blocking = blocking;
  return queues().streams.back().get();
}

cudaError_t append(CUstream_st& stream, std::string name, std::function<void()> run, std::shared_ptr<Record> after) {
  if (stream.capture) return capture_node(stream, std::move(name), std::move(run));
  if (const cudaError_t error = implicit_capture_error(stream); error != cudaSuccess) return error;
  stream.queue.push_back({++queues().sequence, std::move(name), std::move(run), std::move(after)});
  if (queues().immediate) finish(stream);
  return cudaSuccess;
}

void run_until(const std::function<bool()>& done) {
  const DeviceAccess access;
  while (!done() && step()) {
  }
  check_guard_bytes();
  drop_destroyed();
}

void finish(CUstream_st& stream) {
  if (!stream.queue.empty()) run_until([&] { return stream.queue.empty(); });
}
void finish_everything() {
  run_until([] { return false; });
}
void drop_queued_work() {
  for (const auto& stream : queues().streams) stream->queue.clear();
  drop_destroyed();
}
void run_one() {
  const DeviceAccess access;
  step();
}
std::size_t live_streams() {
  return static_cast<std::size_t>(std::count_if(queues().streams.begin() + 1, queues().streams.end(),
                                                [](const auto& stream) { return !stream->destroyed; }));
}
bool idle(const CUstream_st& stream) {
  return stream.queue.empty();
}

void enqueue(cudaStream_t handle, std::string name, std::function<void()> work) {
  const ApiCall api(name.c_str());
  CUstream_st* stream = find_stream(handle);
  if (!stream) finding("misuse", fmt::format("{}: the stream does not exist", name));
  const std::string copy = name;
  if (const cudaError_t error = append(*stream, std::move(name), std::move(work)); error != cudaSuccess)
    finding("misuse", fmt::format("{}: {}", copy, cudaGetErrorString(error)));
}

void set_streams_immediate() {
  finish_everything();
  queues().immediate = true;
}
void set_streams_deferred(std::uint64_t seed) {
  finish_everything();
  queues().immediate = false;
  queues().random = seed;
}

}  // namespace palimpsest::simt
