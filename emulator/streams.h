#pragma once
// Streams as queues of work that runs only when a caller waits for it. The waiting caller runs operations in a random
// (seeded) order among those that CUDA's rules allow, so that a missing dependency appears as a wrong result.
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "simt/runtime_types.h"

namespace palimpsest::simt {

struct Capture;

// One cudaEventRecord.
struct Record {
  bool done = false;
  std::chrono::steady_clock::time_point time;
};

struct Operation {
  std::uint64_t sequence = 0;  // in the order of the calls
  std::string name;
  std::function<void()> run;
  std::shared_ptr<Record> after;  // a wait for an event
};

}  // namespace palimpsest::simt

struct CUstream_st {
  bool blocking = true;  // waits for the legacy stream and is waited for by it
  bool destroyed = false;
  std::deque<palimpsest::simt::Operation> queue;
  palimpsest::simt::Capture* capture = nullptr;
  std::vector<std::size_t> tail;  // while capturing: the nodes that the next one depends on
};

struct CUevent_st {
  bool timing = true;
  std::shared_ptr<palimpsest::simt::Record> record;  // null before the first
  palimpsest::simt::Capture* capture = nullptr;      // last recorded in an unfinished capture
  std::vector<std::size_t> nodes;                    // the nodes it then represents
};

namespace palimpsest::simt {

// The stream of a handle; null for one that does not exist or is destroyed.
CUstream_st* find_stream(cudaStream_t handle);
CUstream_st& legacy_stream();
CUstream_st* add_stream(bool blocking);
const std::vector<std::unique_ptr<CUstream_st>>& all_streams();

// Appends an operation, or a node to the graph being captured. Returns the error of a capture that forbids it.
cudaError_t append(CUstream_st& stream, std::string name, std::function<void()> run,
                   std::shared_ptr<Record> after = nullptr);

// Runs operations until `done`; all of them when it never is.
void run_until(const std::function<bool()>& done);
void finish(CUstream_st& stream);
void finish_everything();
void drop_queued_work();
void run_one();  // progress for queries
bool idle(const CUstream_st& stream);
std::size_t live_streams();  // that the program created and did not destroy
std::size_t live_events();

}  // namespace palimpsest::simt
