#pragma once
// Programs with one deliberate mistake each, and their twins without it. A program runs alone in its process: a finding
// ends it. No GoogleTest and no iostream here: MSan reports false positives in them.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "cuda/language.h"

namespace bugs {

struct Bug {
  const char* name;
  // Where it must be caught, and as which kind: "MODE=KIND" or "MODE=KIND@line", separated by ';'. With @line the
  // message names the line that carries the comment "BUG name". "CUDA error" and "wrong result" are findings of the
  // program.
  const char* caught;
  const char* file;
  void (*run)(bool planted);
};
std::vector<Bug>& all();

struct Planted {
  explicit Planted(Bug bug) { all().push_back(bug); }
};
#define PLANTED(name, caught)                                                   \
  static void name(bool planted);                                               \
  static const ::bugs::Planted name##_planted({#name, caught, __FILE__, name}); \
  static void name([[maybe_unused]] bool planted)

[[noreturn]] void fail(const char* kind, const char* what, int line);
#define MUST(call)                                                                             \
  do {                                                                                         \
    const cudaError_t error_ = (call);                                                         \
    if (error_ != cudaSuccess) ::bugs::fail("CUDA error", cudaGetErrorName(error_), __LINE__); \
  } while (0)
#define MUST_LAUNCH() MUST(cudaGetLastError())
#define EXPECT(condition)                                                 \
  do {                                                                    \
    if (!(condition)) ::bugs::fail("wrong result", #condition, __LINE__); \
  } while (0)

// Device memory that is freed in the end.
template <typename T>
class Buffer {
 public:
  explicit Buffer(std::size_t count) : count_(count) { MUST(cudaMalloc(&data_, count * sizeof(T))); }
  explicit Buffer(const std::vector<T>& values) : Buffer(values.size()) {
    MUST(cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~Buffer() { MUST(cudaFree(data_)); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* get() const { return data_; }
  std::size_t bytes() const { return count_ * sizeof(T); }
  void zero() { MUST(cudaMemset(data_, 0, bytes())); }
  std::vector<T> host() const {
    std::vector<T> values(count_);
    MUST(cudaMemcpy(values.data(), data_, bytes(), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

// first, first + 1, ...
std::vector<float> counting(std::size_t count, float first = 0);

}  // namespace bugs
