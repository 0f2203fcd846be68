#include "cpu/sgd.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace palimpsest::cpu {

namespace {

// Every parameter is cut into chunks, so that one parallel loop serves all of them and sums come in a fixed order.
struct Chunk {
  float* value;
  const float* gradient;
  float* velocity;     // null: no momentum
  const float* start;  // null: 0
  std::size_t count;
  int parameter;
};
constexpr std::size_t kChunk = 1 << 15;

std::vector<Chunk> chunks_of(const Context& context, std::span<const SgdParameter> parameters) {
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& p = parameters[i];
    const std::size_t count = context.bytes(p.value.shape, p.value.layout) / sizeof(float);
    check(context, p.gradient, p.value.shape, p.value.layout, "gradient");
    float* const value = data(context, p.value);
    const float* const gradient = data(context, p.gradient);
    float* const velocity = p.velocity.empty() ? nullptr : data(context, p.velocity);
    if (!p.start.empty()) check(context, p.start, p.value.shape, p.value.layout, "start");
    const float* const start = p.start.empty() ? nullptr : data(context, p.start);
    for (std::size_t at = 0; at < count; at += kChunk)
      chunks.push_back({value + at, gradient + at, velocity ? velocity + at : nullptr, start ? start + at : nullptr,
                        std::min(kChunk, count - at), int(i)});
  }
  return chunks;
}

// All exponent bits set: infinity or NaN. Integer operations vectorise, and the optimiser cannot remove them.
inline std::uint32_t not_finite(float value) {
  return std::uint32_t((std::bit_cast<std::uint32_t>(value) & 0x7f800000u) == 0x7f800000u);
}

int first_bad(const std::vector<Chunk>& chunks, const std::vector<std::uint32_t>& bad) {
  int first = -1;
  for (std::size_t i = 0; i < chunks.size(); ++i)
    if (bad[i] && (first < 0 || chunks[i].parameter < first)) first = chunks[i].parameter;
  return first;
}

struct Rates {
  float rate, momentum, decay, l2_sp, scale;
};

// Whether any new value is not finite; that catches a w or g that is not finite too: 0 * inf is NaN.
template <bool kMomentum, bool kStart>
std::uint32_t step(const Chunk& chunk, const Rates& r) {
  const auto [w, g, v, start, count, parameter] = chunk;
  std::uint32_t any = 0;
  for (std::size_t at = 0; at < count; ++at) {
    const float decay = kStart ? r.l2_sp * (w[at] - start[at]) : r.decay * w[at];
    const float change = r.scale * g[at] + decay;
    const float velocity = kMomentum ? r.momentum * v[at] + change : change;
    const float to = w[at] - r.rate * velocity;
    const std::uint32_t bad = not_finite(to);
    any |= bad;
    if constexpr (kMomentum) v[at] = bad ? v[at] : velocity;
    w[at] = bad ? w[at] : to;
  }
  return any;
}

}  // namespace

Device::NormResult gradient_norm(const Context& context, std::span<const SgdParameter> parameters) {
  const auto chunks = chunks_of(context, parameters);
  std::vector<double> squares(chunks.size());
  std::vector<std::uint32_t> bad(chunks.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const float* const g = chunks[i].gradient;
    double lanes[8] = {};  // separate sums, so that the loop vectorises without reordering anything
    std::uint32_t any = 0;
    for (std::size_t at = 0; at < chunks[i].count; at += 8)  // storage is a multiple of 16 values, zero at the end
      for (std::size_t lane = 0; lane < 8; ++lane) {
        const float value = at + lane < chunks[i].count ? g[at + lane] : 0.0F;
        any |= not_finite(value);
        lanes[lane] += double(value) * double(value);
      }
    for (const double lane : lanes) squares[i] += lane;
    bad[i] = any;
  }
  Device::NormResult result;
  for (const double square : squares) result.squared += square;
  result.not_finite = first_bad(chunks, bad);
  return result;
}

int sgd_step(const Context& context, std::span<const SgdParameter> parameters, const SgdOptions& options) {
  double scale = options.gradient_scale;
  if (options.clip_norm > 0) {
    const Device::NormResult norm = gradient_norm(context, parameters);
    if (norm.not_finite >= 0) return norm.not_finite;
    scale *= std::min(1.0, options.clip_norm / std::sqrt(norm.squared));
  }
  const auto chunks = chunks_of(context, parameters);
  std::vector<std::uint32_t> bad(chunks.size());
  const Rates rates{float(options.rate), float(options.momentum), float(options.weight_decay), float(options.l2_sp),
                    float(scale)};
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[i];
    bad[i] = chunk.velocity ? (chunk.start ? step<true, true>(chunk, rates) : step<true, false>(chunk, rates))
                            : (chunk.start ? step<false, true>(chunk, rates) : step<false, false>(chunk, rates));
  }
  for (const auto& parameter : parameters) touch(parameter.value);
  return first_bad(chunks, bad);
}

}  // namespace palimpsest::cpu
