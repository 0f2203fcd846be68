#pragma once
// The first step of every runtime function: takes the lock, rejects calls from a host function that runs in a stream,
// verifies that launches were checked, and returns a sticky error.
#include <mutex>
#include <source_location>

#include "simt/runtime_types.h"

namespace palimpsest::simt {

class ApiCall {
 public:
  explicit ApiCall(const char* name);
  cudaError_t refused() const { return refused_; }  // a sticky error, or cudaSuccess

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  cudaError_t refused_ = cudaSuccess;
};

// Remembers the error for cudaGetLastError and returns it.
cudaError_t failed(cudaError_t error);
// Every later call fails: a kernel trapped.
void set_sticky(cudaError_t error);
cudaError_t sticky();
void clear_sticky();

// A launch on this thread not yet checked by cudaGetLastError or cudaPeekAtLastError.
void launch_to_check(const char* kernel, std::source_location site, cudaError_t error);
void require_checked_launch(const char* next_call);

// While a stream's operation runs: runtime functions may not be called.
class Executing {
 public:
  explicit Executing(const char* what);
  ~Executing();
};

#define SIMT_API(name)                       \
  const palimpsest::simt::ApiCall api(name); \
  if (api.refused() != cudaSuccess) return api.refused()

}  // namespace palimpsest::simt
