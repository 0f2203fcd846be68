// Races on device memory, between blocks and within one.
#include "bugs.h"

using namespace bugs;

template <bool planted>
__global__ void count_blocks(int* total) {
  if (threadIdx.x != 0) return;
  if constexpr (planted)
    *total = *total + 1;  // BUG write_race_between_blocks
  else
    atomicAdd(total, 1);
}
PLANTED(write_race_between_blocks, "racecheck=data race@line") {
  Buffer<int> total(1);
  total.zero();
  if (planted)
    CUDA_LAUNCH(count_blocks<true>, 8, 32, 0, nullptr, total.get());
  else
    CUDA_LAUNCH(count_blocks<false>, 8, 32, 0, nullptr, total.get());
  MUST_LAUNCH();
  if (!planted) EXPECT(total.host()[0] == 8);
}

// Smoothing in place reads what the neighbouring block writes.
__global__ void smooth(const float* in, float* out, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const float left = in[i > 0 ? i - 1 : i], right = in[i + 1 < count ? i + 1 : i];
  const float own = in[i];
  __syncthreads();
  out[i] = (left + own + right) / 3;  // BUG smoothing_in_place
}
PLANTED(smoothing_in_place, "racecheck=data race") {
  Buffer<float> in(counting(128)), out(128);
  CUDA_LAUNCH(smooth, 2, 64, 0, nullptr, in.get(), planted ? in.get() : out.get(), 128);
  MUST_LAUNCH();
}

template <bool planted>
__global__ void histogram(const int* values, int* counts) {
  atomicAdd(counts + values[threadIdx.x], 1);
  if constexpr (!planted) __syncthreads();
  if (threadIdx.x == 0) counts[1] = counts[0];  // BUG plain_beside_atomic
}
PLANTED(plain_beside_atomic, "racecheck=data race@line") {
  Buffer<int> values(std::vector<int>(64, 0)), counts(2);
  counts.zero();
  if (planted)
    CUDA_LAUNCH(histogram<true>, 1, 64, 0, nullptr, values.get(), counts.get());
  else
    CUDA_LAUNCH(histogram<false>, 1, 64, 0, nullptr, values.get(), counts.get());
  MUST_LAUNCH();
  if (!planted) EXPECT(counts.host()[1] == 64);
}

// Bytes of one word written by several threads are not a race; one byte written by two is.
__global__ void write_bytes(unsigned char* out, int shift) {
  out[threadIdx.x >> shift] = static_cast<unsigned char>(threadIdx.x);  // BUG race_on_one_byte
}
PLANTED(race_on_one_byte, "racecheck=data race@line") {
  Buffer<unsigned char> out(64);
  CUDA_LAUNCH(write_bytes, 1, 64, 0, nullptr, out.get(), planted ? 1 : 0);
  MUST_LAUNCH();
}

// The last writer wins: every order of the threads gives a different result.
template <bool planted>
__global__ void last_positive(const float* in, int* index) {
  if constexpr (planted) {
    if (in[threadIdx.x] > 0) *index = static_cast<int>(threadIdx.x);  // BUG last_writer_wins
  } else {
    if (in[threadIdx.x] > 0) atomicMax(index, static_cast<int>(threadIdx.x));
  }
}
PLANTED(last_writer_wins, "reversed=wrong result;shuffled=wrong result;racecheck=data race@line") {
  Buffer<float> in(counting(64));
  Buffer<int> index(1);
  index.zero();
  if (planted)
    CUDA_LAUNCH(last_positive<true>, 1, 64, 0, nullptr, in.get(), index.get());
  else
    CUDA_LAUNCH(last_positive<false>, 1, 64, 0, nullptr, in.get(), index.get());
  MUST_LAUNCH();
  EXPECT(index.host()[0] == 63);
}
