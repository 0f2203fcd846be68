#include "base/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace palimpsest {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {std::uint32_t(p1 >> 32) ^ c[1] ^ k[0], std::uint32_t(p1), std::uint32_t(p0 >> 32) ^ c[3] ^ k[1],
         std::uint32_t(p0)};
    k[0] += 0x9E3779B9;  // golden ratio
    k[1] += 0xBB67AE85;  // sqrt(3) - 1
  }
  return c;
}

namespace {
// The 64-bit seed and the purpose are mixed into 64 bits of key (splitmix64's finaliser, a bijection for each purpose).
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}
}  // namespace

Random::Random(std::uint64_t seed, Purpose purpose, std::uint32_t epoch, std::uint64_t index) {
  const std::uint64_t key = mix(seed + 0x9E3779B97F4A7C15 * (std::uint64_t(purpose) + 1));
  key_ = {std::uint32_t(key), std::uint32_t(key >> 32)};
  counter_ = {0, epoch, std::uint32_t(index), std::uint32_t(index >> 32)};
}

std::uint32_t Random::bits() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[std::size_t(used_++)];
}

double Random::uniform() {
  return bits() * 0x1p-32;
}
double Random::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

std::uint32_t Random::below(std::uint32_t n) {
  // Lemire's method: reject the few products that would bias the result.
  std::uint64_t product = std::uint64_t{bits()} * n;
  if (std::uint32_t(product) < n) {
    const std::uint32_t threshold = -n % n;
    while (std::uint32_t(product) < threshold) product = std::uint64_t{bits()} * n;
  }
  return std::uint32_t(product >> 32);
}

double Random::normal() {
  const double u = (bits() + 0.5) * 0x1p-32, v = uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

std::vector<int> permutation(int n, Random random) {
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (int i = n - 1; i > 0; --i) std::swap(order[std::size_t(i)], order[random.below(std::uint32_t(i) + 1)]);
  return order;
}

}  // namespace palimpsest
