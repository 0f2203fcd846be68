#include "cpu/device.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "cpu/context.h"
#include "cpu/conv2d.h"
#include "cpu/heatmap.h"
#include "cpu/layout.h"
#include "cpu/linear.h"
#include "cpu/max_pool.h"
#include "cpu/training.h"

namespace palimpsest {

namespace {

using namespace cpu;

float map_one(float w, WeightMap map, float gamma) {
  switch (map) {
    case WeightMap::identity:
      return w;
    case WeightMap::positive:
      return std::max(w, 0.0F);
    case WeightMap::negative:
      return std::min(w, 0.0F);
    case WeightMap::gamma_positive:
      return w + gamma * std::max(w, 0.0F);
    case WeightMap::gamma_negative:
      return w + gamma * std::min(w, 0.0F);
    case WeightMap::square:
      return w * w;
    case WeightMap::ones:
      return 1.0F;
  }
  throw ContractError("unknown weight map");
}

// A processor has no launches to save: the step is called again.
class Repeated final : public Recording {
 public:
  explicit Repeated(std::function<void()> step) : step_(std::move(step)) {}
  void run() override { step_(); }

 private:
  std::function<void()> step_;
};

class CpuDevice final : public Device {
 public:
  CpuDevice(int threads, const AlgorithmTable& algorithms) : context_(threads, algorithms) {}

  DeviceInfo info() const override {
    const auto* version = dnnl::version();
    return {"cpu",
            fmt::format("oneDNN {}.{}.{}, {}, channels in blocks of {}", version->major, version->minor, version->patch,
                        context_.has_avx512 ? "AVX-512" : "no AVX-512", context_.block),
            context_.threads, context_.algorithms.description(),
            context_.has_avx512 ? std::vector<std::string>{"direct", "winograd"} : std::vector<std::string>{"direct"}};
  }

  std::size_t bytes(const Shape& shape, Layout layout) const override { return context_.bytes(shape, layout); }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override {
    auto storage = std::make_shared<CpuStorage>(bytes);
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
      std::memcpy(data(to), data(from), context_.bytes(to.shape, to.layout));
    } else if (to.layout == Layout::matrix) {
      to_canonical(context_, from, data(to));
    } else {
      PALIMPSEST_REQUIRE(from.layout == Layout::matrix, "layout {}", int(from.layout));
      from_canonical(context_, to, data(from));
    }
    touch(to);
  }
  void fill(const Tensor& tensor, float value) override {
    if (value == 0) {
      std::memset(data(tensor), 0, context_.bytes(tensor.shape, tensor.layout));
      touch(tensor);
    } else {
      upload(tensor, std::vector<float>(std::size_t(tensor.shape.count()), value));
    }
  }

  std::unique_ptr<Conv2dPlan> plan_conv2d(const Conv2dShape& shape) override {
    return make_conv2d_plan(context_, shape);
  }
  std::unique_ptr<LinearPlan> plan_linear(const LinearShape& shape) override {
    return make_linear_plan(context_, shape);
  }
  std::unique_ptr<MaxPoolPlan> plan_max_pool(const Shape& input) override {
    return make_max_pool_plan(context_, input);
  }

  void relu_backward(const Tensor& output, const Tensor& gradient) override {
    check(context_, gradient, output.shape, output.layout, "gradient");
    const float* const y = data(output);
    float* const g = data(gradient);
    const std::size_t count = context_.bytes(output.shape, output.layout) / sizeof(float);
#pragma omp parallel for simd schedule(static)
    for (std::size_t i = 0; i < count; ++i) g[i] = y[i] <= 0 ? 0.0F : g[i];
  }

  void focal_loss(const FocalLoss& loss, const Tensor& logits, const Tensor& labels, const Tensor* gradient) override {
    loss_result_ = cpu::focal_loss(context_, loss, logits, labels, gradient);
  }
  LossResult loss_result() override { return loss_result_; }
  void augment(std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps, const Normalisation& normalisation,
               const Tensor& images) override {
    cpu::augment(context_, pixels, maps, normalisation, images);
  }
  std::unique_ptr<Recording> record(const std::function<void()>& step) override {
    return std::make_unique<Repeated>(step);
  }
  NormResult gradient_norm(std::span<const SgdParameter> parameters) override {
    return cpu::gradient_norm(context_, parameters);
  }
  int sgd_step(std::span<const SgdParameter> parameters, const SgdOptions& options) override {
    return cpu::sgd_step(context_, parameters, options);
  }

  void sum_channels(const Tensor& relevance, const Tensor& maps) override {
    cpu::sum_channels(context_, relevance, maps);
  }
  void normalise_maps(const Tensor& maps, MapNormalisation kind, const Tensor& to) override {
    cpu::normalise_maps(context_, maps, kind, to);
  }

  void map_weights(const Tensor& from, WeightMap map, double gamma, const Tensor& to) override {
    check(context_, to, from.shape, from.layout, "to");
    const std::size_t count = context_.bytes(from.shape, from.layout) / sizeof(float);
    const float* const in = data(from);
    float* const out = data(to);
    const auto g = static_cast<float>(gamma);
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < count; ++i) out[i] = map_one(in[i], map, g);
    if (map == WeightMap::ones) clear_padding(context_, to);
    touch(to);
  }

  double sum(const Tensor& tensor) override {
    const std::size_t count = context_.bytes(tensor.shape, tensor.layout) / sizeof(float);
    constexpr std::size_t chunk = 1 << 15;
    std::vector<double> partial((count + chunk - 1) / chunk);
#pragma omp parallel for schedule(static)
    for (std::size_t c = 0; c < partial.size(); ++c)
      for (std::size_t i = c * chunk; i < std::min(count, (c + 1) * chunk); ++i) partial[c] += double(data(tensor)[i]);
    double total = 0;
    for (const double part : partial) total += part;
    return total;
  }

  double smallest(const Tensor& tensor) override {
    const std::size_t count = context_.bytes(tensor.shape, tensor.layout) / sizeof(float);
    const float* const values = data(tensor);
    float least = std::numeric_limits<float>::infinity();
    int not_a_number = 0;
#pragma omp parallel for simd schedule(static) reduction(min : least) reduction(| : not_a_number)
    for (std::size_t i = 0; i < count; ++i) {
      least = values[i] < least ? values[i] : least;  // passes over NaN, which is why it is looked for
      not_a_number |= values[i] != values[i] ? 1 : 0;
    }
    if (not_a_number) return std::numeric_limits<double>::quiet_NaN();
    return double(least);
  }

 private:
  Context context_;
  LossResult loss_result_;
};

}  // namespace

std::unique_ptr<Device> make_cpu_device(int threads, const AlgorithmTable& algorithms) {
  return std::make_unique<CpuDevice>(threads, algorithms);
}

}  // namespace palimpsest
