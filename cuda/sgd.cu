//   g = scale * gradient + decay;  v = momentum * v + g;  w -= rate * v            (without momentum: w -= rate * g)
//   norm: sum of gradient^2 over all parameters, in double
// Every parameter is cut into chunks of kChunk values, one block each, so one launch serves all of them and sums have
// a fixed order: a tree in the block, then one block over the chunks. A new value that is not finite is not written;
// the smallest index of a parameter with one is returned (an integer minimum, independent of the order of the blocks).
#include "cuda/sgd.h"

#include <algorithm>

#include "base/error.h"
#include "cuda/bf16_copy.h"
#include "cuda/block_reduce.cuh"
#include "cuda/factor.h"
#include "cuda/layer.h"
#include "cuda/recorded_memory.h"
#include "cuda/sgd_step.cuh"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 15;

struct NormOutcome {
  double squared;
  int first_bad;
  float scale;  // that clips, without gradient_scale
};

// What first_bad holds where all is well: four equal bytes, and more than any index.
constexpr int kGood = 0x7f7f7f7f;

// The rates, with the scale that clips. False: a gradient is not finite, and nothing is to be changed.
__device__ bool clip(SgdRates& r, const NormOutcome* norm) {
  if (!norm) return true;
  if (norm->first_bad != kGood) return false;
  r.scale = norm->scale;
  return true;
}

// *first_bad holds kGood before, or with a norm what the norm found. norm: null without clipping
__global__ void sgd_chunks(const SgdChunk* __restrict__ chunks, SgdRates r, const NormOutcome* norm, int* first_bad) {
  if (!clip(r, norm)) return;
  const SgdChunk chunk = chunks[blockIdx.x];
  const bool momentum = chunk.velocity != nullptr;
  bool good = true;
  for (std::size_t at = threadIdx.x; at < chunk.count / 4; at += kThreads) {
    const float4 g = fours(chunk.gradient)[at];
    float4 w = fours(chunk.value)[at], v = momentum ? fours(chunk.velocity)[at] : make_float4(0, 0, 0, 0);
    good &= sgd_step(r, momentum, r.decay * w.x, g.x, w.x, v.x);
    good &= sgd_step(r, momentum, r.decay * w.y, g.y, w.y, v.y);
    good &= sgd_step(r, momentum, r.decay * w.z, g.z, w.z, v.z);
    good &= sgd_step(r, momentum, r.decay * w.w, g.w, w.w, v.w);
    fours(chunk.value)[at] = w;
    if (chunk.copy) static_cast<uint2*>(chunk.copy)[at] = bf16_four(w.x, w.y, w.z, w.w);
    if (momentum) fours(chunk.velocity)[at] = v;
  }
  if (const std::size_t last = chunk.count / 4 * 4 + threadIdx.x; last < chunk.count) {
    float v = momentum ? chunk.velocity[last] : 0;
    good &= sgd_step(r, momentum, r.decay * chunk.value[last], chunk.gradient[last], chunk.value[last], v);
    if (momentum) chunk.velocity[last] = v;
  }
  if (!good) atomicMin(first_bad, chunk.parameter);
}

// The same where some chunks have a start. A kernel of its own: the other one keeps its registers.
__global__ void sgd_chunks_with_start(const SgdChunk* __restrict__ chunks, SgdRates r, const NormOutcome* norm,
                                      int* first_bad) {
  if (!clip(r, norm)) return;
  const SgdChunk chunk = chunks[blockIdx.x];
  const bool momentum = chunk.velocity != nullptr, started = chunk.start != nullptr;
  const float decay = started ? r.l2_sp : r.decay;
  bool good = true;
  for (std::size_t at = threadIdx.x; at < chunk.count; at += kThreads) {
    float w = chunk.value[at], v = momentum ? chunk.velocity[at] : 0;
    good &= sgd_step(r, momentum, decay * (started ? w - chunk.start[at] : w), chunk.gradient[at], w, v);
    chunk.value[at] = w;
    if (chunk.copy) static_cast<__nv_bfloat16*>(chunk.copy)[at] = __float2bfloat16_rn(w);
    if (momentum) chunk.velocity[at] = v;
  }
  if (!good) atomicMin(first_bad, chunk.parameter);
}

__global__ void norm_chunks(const SgdChunk* __restrict__ chunks, double* __restrict__ partial, int* first_bad) {
  SHARED_ARRAY(double, slots, kThreads);
  const SgdChunk chunk = chunks[blockIdx.x];
  double sum = 0;
  bool good = true;
  const auto add = [&](float g) {
    good &= !not_finite(g);
    sum += double(g) * double(g);
  };
  for_each_of_thread<4>(fours(chunk.gradient), chunk.count / 4, [&](std::size_t, const float4& g) {
    add(g.x);
    add(g.y);
    add(g.z);
    add(g.w);
  });
  if (const std::size_t last = chunk.count / 4 * 4 + threadIdx.x; last < chunk.count) add(chunk.gradient[last]);
  const double total = block_reduce(sum, slots, Plus());
  if (threadIdx.x == 0) partial[blockIdx.x] = total;
  if (!good) atomicMin(first_bad, chunk.parameter);
}

__global__ void norm_total(const double* __restrict__ partial, std::size_t count, const int* __restrict__ first_bad,
                           double scale, double clip_norm, NormOutcome* result) {
  SHARED_ARRAY(double, slots, kThreads);
  double sum = 0;
  for_each_of_thread<8>(partial, count, [&](std::size_t, double one) { sum += one; });
  const double total = block_reduce(sum, slots, Plus());
  if (threadIdx.x == 0) *result = {total, *first_bad, float(scale * fmin(1.0, clip_norm / sqrt(total)))};
}

// result_: first_bad, then the outcome of the norm.
constexpr std::size_t kOutcomeAt = 16;

NormOutcome* norm_outcome(const DeviceBuffer& result) {
  return reinterpret_cast<NormOutcome*>(result.as<std::byte>() + kOutcomeAt);
}

int as_index(int first_bad) {
  return first_bad == kGood ? -1 : first_bad;
}

}  // namespace

SgdKernels::SgdKernels(Context& context) : context_(context), result_(context.pool, kOutcomeAt + sizeof(NormOutcome)) {}

void SgdKernels::expect_good() {
  CUDA_CHECK(cudaMemsetAsync(result_.data(), 0x7f, sizeof(int), context_.stream.get()));
}

// The table is uploaded once: a training loop passes the same parameters at every step.
void SgdKernels::prepare(std::span<const SgdParameter> parameters, std::span<const Destination> values) {
  std::vector<SgdChunk> chunks;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const SgdParameter& p = parameters[i];
    const Shape& shape = p.value.shape;
    check(p.value, shape, p.value.layout, "value");
    PALIMPSEST_REQUIRE(p.gradient.empty() != (p.product.plan == nullptr), "one of a gradient and a product");
    if (p.gradient.empty()) {
      PALIMPSEST_REQUIRE(!values.empty(), "the norm of a gradient that is not stored");
      continue;
    }
    check(p.gradient, shape, p.value.layout, "gradient");
    if (!p.velocity.empty()) check(p.velocity, shape, p.value.layout, "velocity");
    if (!p.start.empty()) check(p.start, shape, p.value.layout, "start");
    const std::size_t count = bytes_of(shape, p.value.layout) / sizeof(float);
    const Destination value = values.empty() ? Destination{} : values[i];
    float* const velocity = values.empty() || p.velocity.empty() ? nullptr : written(context_, p.velocity);
    for (std::size_t at = 0; at < count; at += kChunk)
      chunks.push_back({value.values ? value.values + at : nullptr,
                        value.copy ? static_cast<__nv_bfloat16*>(value.copy) + at : nullptr,
                        data(context_, p.gradient) + at, velocity ? velocity + at : nullptr,
                        p.start.empty() ? nullptr : data(context_, p.start) + at, std::min(kChunk, count - at),
                        int(i)});
  }
  if (!chunks.empty() && chunks != chunks_) {
    PALIMPSEST_REQUIRE(!context_.recorded, "a step that is recorded before it has run");
    const std::size_t bytes = chunks.size() * sizeof(SgdChunk);
    chunks_.clear();  // should anything below throw
    table_ = std::make_shared<DeviceBuffer>(context_.pool, bytes);
    partial_ = std::make_shared<DeviceBuffer>(context_.pool, chunks.size() * sizeof(double));
    context_.uploader.to_device(chunks.data(), bytes, table_->data());
  }
  chunks_ = std::move(chunks);
  if (context_.recorded)
    for (const auto& memory : {table_, partial_}) context_.recorded->keep(memory);
}

// The squared norm and, for step(), the scale that clips to clip_norm.
void SgdKernels::enqueue_norm(double scale, double clip_norm) {
  CUDA_LAUNCH(norm_chunks, unsigned(chunks_.size()), kThreads, 0, context_.stream.get(), table_->as<const SgdChunk>(),
              partial_->as<double>(), result_.as<int>());
  CUDA_LAUNCH_CHECK();
  CUDA_LAUNCH(norm_total, 1, kThreads, 0, context_.stream.get(), partial_->as<const double>(), chunks_.size(),
              result_.as<const int>(), scale, clip_norm, norm_outcome(result_));
  CUDA_LAUNCH_CHECK();
}

Device::NormResult SgdKernels::norm(std::span<const SgdParameter> parameters) {
  prepare(parameters, {});
  if (chunks_.empty()) return {};
  expect_good();
  enqueue_norm(1, 0);
  const NormOutcome result = context_.downloader.value<NormOutcome>(norm_outcome(result_));
  return {result.squared, as_index(result.first_bad)};
}

Pending<int> SgdKernels::step(std::span<const SgdParameter> parameters, const SgdOptions& options) {
  std::vector<Destination> values;
  for (const SgdParameter& parameter : parameters) values.push_back(changing(context_, parameter.value));
  prepare(parameters, values);
  if (parameters.empty()) return -1;
  expect_good();
  const bool clips = options.clip_norm > 0;
  if (clips) {
    PALIMPSEST_REQUIRE(std::ranges::all_of(parameters, [](const SgdParameter& p) { return !p.gradient.empty(); }),
                       "clipping by a gradient that is not stored");
    enqueue_norm(options.gradient_scale, options.clip_norm);
  }
  const NormOutcome* const norm = clips ? norm_outcome(result_) : nullptr;
  const SgdRates rates{float(options.rate), float(options.momentum), float(options.weight_decay), float(options.l2_sp),
                       float(options.gradient_scale)};
  const bool started = std::ranges::any_of(chunks_, [](const SgdChunk& chunk) { return chunk.start != nullptr; });
  if (!chunks_.empty()) {
    if (started)
      CUDA_LAUNCH(sgd_chunks_with_start, unsigned(chunks_.size()), kThreads, 0, context_.stream.get(),
                  table_->as<const SgdChunk>(), rates, norm, result_.as<int>());
    else
      CUDA_LAUNCH(sgd_chunks, unsigned(chunks_.size()), kThreads, 0, context_.stream.get(),
                  table_->as<const SgdChunk>(), rates, norm, result_.as<int>());
    CUDA_LAUNCH_CHECK();
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const SgdParameter& p = parameters[i];
    if (p.product.plan) {
      auto* const plan = dynamic_cast<CudaLayerPlan*>(p.product.plan);
      PALIMPSEST_REQUIRE(plan, "a plan of another device");
      plan->step_weights(p.product.x, p.product.dy, p.value,
                         {rates, values[i], p.velocity.empty() ? nullptr : written(context_, p.velocity),
                          optional_data(context_, p.start), result_.as<int>(), int(i)});
    }
    copied(context_, p.value, values[i]);
  }
  return context_.readback.read<int, int>(result_.as<const int>(), as_index);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
