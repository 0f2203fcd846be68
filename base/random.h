#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace palimpsest {

// What a stream of random numbers is for. Streams with different purposes never share a number.
enum class Purpose : std::uint32_t {
  initialise,
  shuffle,
  augment,
  split,
  dropout,
  folds,
  bootstrap,
  test,
  draw_identity,
  draw_expression,
  draw_scene,
  draw_noise,
  draw_sequence,
  calibrate,
  sample,
  fresh_head,
};

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), counter based: the number
// with key (seed, purpose) and counter (epoch, index, draw) is the same on any device and for any number of threads.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// One stream. No std distribution is used anywhere: their results differ between standard libraries.
class Random {
 public:
  Random(std::uint64_t seed, Purpose purpose, std::uint32_t epoch = 0, std::uint64_t index = 0);

  std::uint32_t bits();                     // uniform over 32 bits
  double uniform();                         // [0, 1), 32 bits of it
  double uniform(double low, double high);  // [low, high)
  std::uint32_t below(std::uint32_t n);     // [0, n), unbiased; n >= 1
  bool chance(double p) { return uniform() < p; }
  double normal();  // mean 0, standard deviation 1 (Box-Muller)

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
};

// 0..n-1 in random order (Fisher-Yates).
std::vector<int> permutation(int n, Random random);

}  // namespace palimpsest
