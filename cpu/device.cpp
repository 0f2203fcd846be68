#include "cpu/device.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>

#include "cpu/augment.h"
#include "cpu/average_pool.h"
#include "cpu/cache_size.h"
#include "cpu/context.h"
#include "cpu/heatmap.h"
#include "cpu/layer.h"
#include "cpu/layout.h"
#include "cpu/loss.h"
#include "cpu/map_weights.h"
#include "cpu/max_pool.h"
#include "cpu/reduce.h"
#include "cpu/sgd.h"

namespace palimpsest {

namespace {

using namespace cpu;

// A CPU has no launches to save: the step is called again.
class Repeated final : public Recording {
 public:
  explicit Repeated(std::function<void()> step) : step_(std::move(step)) {}
  void run() override { step_(); }

 private:
  std::function<void()> step_;
};

// Every call returns when its work is done, so the host's clock serves.
class HostTimer final : public Timer {
 public:
  void start() override { start_ = Clock::now(); }
  void stop() override { stop_ = Clock::now(); }
  double seconds() override {
    PALIMPSEST_REQUIRE(start_ && stop_ && *start_ <= *stop_, "a timer that was not started, then stopped");
    return std::chrono::duration<double>(*stop_ - *start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> start_, stop_;
};

class CpuDevice final : public Device {
 public:
  CpuDevice(int threads, const AlgorithmTable& algorithms) : context_(threads, algorithms) {}

  DeviceInfo info() const override {
    const auto* version = dnnl::version();
    DeviceInfo info{"cpu",
                    fmt::format("oneDNN {}.{}.{}, {}, channels in blocks of {}", version->major, version->minor,
                                version->patch, context_.has_avx512 ? "AVX-512" : "no AVX-512", context_.block),
                    context_.threads, context_.algorithms.description()};
    info.convolution_algorithms = {"direct"};
    if (context_.has_avx512) info.convolution_algorithms.emplace_back("winograd");
    info.cache_bytes = last_level_cache_bytes();
    return info;
  }

  std::size_t bytes(const Shape& shape, Layout layout) const override { return context_.bytes(shape, layout); }
  std::size_t copy_bytes(const Shape&, Layout) const override { return 0; }
  std::size_t free_bytes() const override { return 0; }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override {
    auto storage = std::make_shared<CpuStorage>(&context_, bytes);
    storage->version = next_version();
    return storage;
  }
  void upload(const Tensor& to, std::span<const float> values) override {
    PALIMPSEST_REQUIRE(values.size() == std::size_t(to.shape.count()), "{} values", values.size());
    check(context_, to, to.shape, to.layout, "tensor");
    from_canonical(context_, to, values.data());
    touch(to);
  }
  using Device::download;
  void download(const Tensor& from, std::span<float> values) override {
    PALIMPSEST_REQUIRE(values.size() == std::size_t(from.shape.count()), "{} values", values.size());
    check(context_, from, from.shape, from.layout, "tensor");
    to_canonical(context_, from, values.data());
  }
  void copy(const Tensor& from, const Tensor& to) override {
    PALIMPSEST_REQUIRE(from.shape.count() == to.shape.count(), "{} values into {}", from.shape.count(),
                       to.shape.count());
    if (from.layout == to.layout && from.shape == to.shape) {
      std::memcpy(data(context_, to), data(context_, from), context_.bytes(to.shape, to.layout));
    } else if (to.layout == Layout::matrix) {
      to_canonical(context_, from, data(context_, to));
    } else {
      PALIMPSEST_REQUIRE(from.layout == Layout::matrix, "layout {}", int(from.layout));
      from_canonical(context_, to, data(context_, from));
    }
    touch(to);
  }
  void fill(const Tensor& tensor, float value) override {
    if (value == 0) {
      zero(context_.bytes(tensor.shape, tensor.layout), data(context_, tensor));
      touch(tensor);
    } else {
      upload(tensor, std::vector<float>(std::size_t(tensor.shape.count()), value));
    }
  }

  std::unique_ptr<LayerPlan> plan_layer(const LayerShape& shape) override { return make_layer_plan(context_, shape); }
  std::unique_ptr<MaxPoolPlan> plan_max_pool(const Shape& input) override {
    return make_max_pool_plan(context_, input);
  }

  void average_pool(const Tensor& x, const Tensor& y) override { cpu::average_pool(context_, x, y); }
  void average_pool_backward(const Tensor& dy, const Tensor& x, const Tensor& dx) override {
    cpu::average_pool_backward(context_, dy, x, dx);
  }

  void take_images(const Tensor& from, const Tensor& images, const Tensor& to) override {
    const std::size_t values = values_of_image(from, to);
    check(context_, images, {to.shape.n, 1}, Layout::matrix, "images");
    const float* const rows = data(context_, images);
    for (int i = 0; i < to.shape.n; ++i)
      std::copy_n(data(context_, from) + std::size_t(rows[i]) * values, values,
                  data(context_, to) + std::size_t(i) * values);
    touch(to);
  }
  void put_images(const Tensor& from, const Tensor& to, int first) override {
    const std::size_t values = values_of_image(from, to);
    PALIMPSEST_REQUIRE(first >= 0 && first <= to.shape.n - from.shape.n, "images {} to {} of {}", first,
                       first + from.shape.n, to.shape.n);
    std::copy_n(data(context_, from), std::size_t(from.shape.n) * values,
                data(context_, to) + std::size_t(first) * values);
    touch(to);
  }

  void add(const Tensor& from, const Tensor& to) override {
    check(context_, to, from.shape, from.layout, "to");
    const float* const x = data(context_, from);
    float* const y = data(context_, to);
    const std::size_t count = context_.bytes(from.shape, from.layout) / sizeof(float);
#pragma omp parallel for simd schedule(static)
    for (std::size_t i = 0; i < count; ++i) y[i] += x[i];
    touch(to);
  }

  void focal_loss(const FocalLoss& loss, const Tensor& logits, const Tensor& labels, const Tensor* gradient) override {
    loss_result_ = cpu::focal_loss(context_, loss, logits, labels, gradient);
  }
  Pending<LossResult> loss_result() override { return loss_result_; }
  void augment(std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps, const Normalisation& normalisation,
               const Tensor& images) override {
    cpu::augment(context_, pixels, maps, normalisation, images);
  }
  std::unique_ptr<Recording> record(const std::function<void()>& step) override {
    return std::make_unique<Repeated>(step);
  }
  std::unique_ptr<Timer> make_timer() override { return std::make_unique<HostTimer>(); }
  NormResult gradient_norm(std::span<const SgdParameter> parameters) override {
    return cpu::gradient_norm(context_, parameters);
  }
  Pending<int> sgd_step(std::span<const SgdParameter> parameters, const SgdOptions& options) override {
    return cpu::sgd_step(context_, parameters, options);
  }

  void sum_channels(const Tensor& relevance, const Tensor& maps) override {
    cpu::sum_channels(context_, relevance, maps);
  }
  void normalise_maps(const Tensor& maps, MapNormalisation kind, const Tensor& to) override {
    cpu::normalise_maps(context_, maps, kind, to);
  }

  void map_weights(const Tensor& from, WeightMap map, double gamma, const Tensor& to) override {
    cpu::map_weights(context_, from, map, gamma, to);
  }
  void relevance_quotients(const Tensor& z, const Stabiliser& stabiliser, std::span<const Tensor> relevance,
                           std::span<const Tensor> quotients, const Scalars& sums) override {
    cpu::relevance_quotients(context_, z, stabiliser, relevance, quotients, sums);
  }
  using Device::sum;
  void sum(const Tensor& tensor, const Scalars& to) override { *scalars(context_, to, 1) = cpu::sum(context_, tensor); }
  std::vector<double> read(const Scalars& from, int count) override {
    const double* const values = scalars(context_, from, count);
    return {values, values + count};
  }

 private:
  std::size_t values_of_image(const Tensor& from, const Tensor& to) const {
    Shape shape = from.shape;
    shape.n = to.shape.n;
    check(context_, from, from.shape, Layout::activation, "from");
    check(context_, to, shape, Layout::activation, "to");
    return std::size_t(context_.padded(shape.c)) * std::size_t(shape.h) * std::size_t(shape.w);
  }

  // By all threads, each of which has caches of its own.
  static void zero(std::size_t bytes, float* to) {
    constexpr std::size_t piece = std::size_t{1} << 20;
#pragma omp parallel for schedule(static)
    for (std::size_t at = 0; at < bytes; at += piece)
      std::memset(reinterpret_cast<std::byte*>(to) + at, 0, std::min(piece, bytes - at));
  }

  Context context_;
  LossResult loss_result_;
};

}  // namespace

std::unique_ptr<Device> make_cpu_device(int threads, const AlgorithmTable& algorithms) {
  return std::make_unique<CpuDevice>(threads, algorithms);
}

}  // namespace palimpsest
