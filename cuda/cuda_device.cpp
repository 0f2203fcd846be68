#include "cuda/cuda_device.h"

#include "base/error.h"
#include "cuda/add.h"
#include "cuda/algorithm_table.h"
#include "cuda/augment.h"
#include "cuda/average_pool.h"
#include "cuda/bias_relu.h"
#include "cuda/context.h"
#include "cuda/factor.h"
#include "cuda/heatmap.h"
#include "cuda/images.h"
#include "cuda/layer.h"
#include "cuda/layout.h"
#include "cuda/library.h"
#include "cuda/loss.h"
#include "cuda/map_weights.h"
#include "cuda/max_pool.h"
#include "cuda/recording.h"
#include "cuda/reduce.h"
#include "cuda/relevance_pointers.h"
#include "cuda/sgd.h"
#include "cuda/timer.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(const CudaOptions& options)
      : context_(options.precision, options.gpu, options.say),
        table_(options.algorithms),
        loss_(context_),
        sgd_(context_) {
    context_.refused = options.refused;
    context_.refused_warpgroups = options.refused_warpgroups;
    if (!options.refused.empty())
      context_.say(fmt::format("Only the plain kernels serve on {}, slowly: {}", context_.gpu, options.refused));
    if (!options.refused_warpgroups.empty())
      context_.say(fmt::format("Warpgroups do not serve on {}, other tensor-core kernels do: {}", context_.gpu,
                               options.refused_warpgroups));
  }

  DeviceInfo info() const override {
    const std::string algorithms = table_.description() + (!context_.refused.empty()              ? ", plain kernels"
                                                           : !context_.refused_warpgroups.empty() ? ", no warpgroups"
                                                                                                  : "");
    DeviceInfo info{device_name(context_), device_description(context_), 1, algorithms, algorithm_names(), true};
    info.records = true;
    info.cache_bytes = cache_bytes(context_);
    info.gpu = context_.gpu;
    info.gpu_bus = gpu_bus(context_);
    return info;
  }

  std::size_t bytes(const Shape& shape, Layout layout) const override { return bytes_of(shape, layout); }
  std::size_t copy_bytes(const Shape& shape, Layout layout) const override {
    return PALIMPSEST_CUDA::copy_bytes(context_, shape, layout);
  }
  std::size_t free_bytes() const override { return context_.pool->free_bytes(); }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override {
    auto storage = std::make_shared<CudaStorage>(context_.pool, bytes);
    CUDA_CHECK(cudaMemsetAsync(storage->buffer.data(), 0, bytes, context_.stream.get()));
    storage->version = next_version();
    return storage;
  }
  void upload(const Tensor& to, std::span<const float> values) override {
    PALIMPSEST_REQUIRE(values.size() == std::size_t(to.shape.count()), "{} values", values.size());
    PALIMPSEST_CUDA::upload(context_, to, values.data());
  }
  using Device::download;
  void download(const Tensor& from, std::span<float> values) override {
    PALIMPSEST_REQUIRE(values.size() == std::size_t(from.shape.count()), "{} values", values.size());
    PALIMPSEST_CUDA::download(context_, from, values.data());
  }
  void copy(const Tensor& from, const Tensor& to) override {
    PALIMPSEST_REQUIRE(from.shape.count() == to.shape.count(), "{} values into {}", from.shape.count(),
                       to.shape.count());
    PALIMPSEST_CUDA::copy(context_, from, to);
  }
  void fill(const Tensor& tensor, float value) override { PALIMPSEST_CUDA::fill(context_, tensor, value); }

  std::unique_ptr<LayerPlan> plan_layer(const LayerShape& shape) override {
    return make_layer_plan(context_, table_, shape);
  }
  std::unique_ptr<MaxPoolPlan> plan_max_pool(const Shape& input) override {
    return make_max_pool_plan(context_, input);
  }

  void average_pool(const Tensor& x, const Tensor& y) override { PALIMPSEST_CUDA::average_pool(context_, x, y); }
  void average_pool_backward(const Tensor& dy, const Tensor& x, const Tensor& dx) override {
    PALIMPSEST_CUDA::average_pool_backward(context_, dy, x, dx);
  }

  void take_images(const Tensor& from, const Tensor& images, const Tensor& to) override {
    PALIMPSEST_CUDA::take_images(context_, from, images, to);
  }
  void put_images(const Tensor& from, const Tensor& to, int first) override {
    PALIMPSEST_CUDA::put_images(context_, from, to, first);
  }

  void add(const Tensor& from, const Tensor& to) override {
    check(from, from.shape, from.layout, "from");
    check(to, from.shape, from.layout, "to");
    PALIMPSEST_CUDA::add(context_, bytes_of(from.shape, from.layout) / sizeof(float), data(context_, from),
                         written(context_, to));
  }
  void focal_loss(const FocalLoss& loss, const Tensor& logits, const Tensor& labels, const Tensor* gradient) override {
    loss_.run(loss, logits, labels, gradient);
  }
  Pending<LossResult> loss_result() override { return loss_.result(); }
  void augment(std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps, const Normalisation& normalisation,
               const Tensor& images) override {
    PALIMPSEST_CUDA::augment(context_, pixels, maps, normalisation, images);
  }
  std::unique_ptr<Recording> record(const std::function<void()>& step) override {
    return PALIMPSEST_CUDA::record(context_, step);
  }
  std::unique_ptr<Timer> make_timer() override { return PALIMPSEST_CUDA::make_timer(context_); }

  NormResult gradient_norm(std::span<const SgdParameter> parameters) override { return sgd_.norm(parameters); }
  Pending<int> sgd_step(std::span<const SgdParameter> parameters, const SgdOptions& options) override {
    return sgd_.step(parameters, options);
  }

  void sum_channels(const Tensor& relevance, const Tensor& maps) override {
    PALIMPSEST_CUDA::sum_channels(context_, relevance, maps);
  }
  void normalise_maps(const Tensor& maps, MapNormalisation kind, const Tensor& to) override {
    PALIMPSEST_CUDA::normalise_maps(context_, maps, kind, to);
  }

  void map_weights(const Tensor& from, WeightMap map, double gamma, const Tensor& to) override {
    PALIMPSEST_CUDA::map_weights(context_, from, map, gamma, to);
  }
  void relevance_quotients(const Tensor& z, const Stabiliser& stabiliser, std::span<const Tensor> relevance,
                           std::span<const Tensor> quotients, const Scalars& sums) override {
    PALIMPSEST_CUDA::relevance_quotients(context_, z, stabiliser, relevance, quotients, sums);
  }

  using Device::sum;
  void sum(const Tensor& tensor, const Scalars& to) override {
    PALIMPSEST_CUDA::sum(context_, tensor, scalars(context_, to, 1));
  }
  std::vector<double> read(const Scalars& from, int count) override {
    return context_.downloader.values(scalars(context_, from, count), std::size_t(count));
  }

 private:
  Context context_;
  AlgorithmTable table_;
  FocalLossKernel loss_;
  SgdKernels sgd_;
};

}  // namespace

std::unique_ptr<Device> make_device(const CudaOptions& options) {
  return std::make_unique<CudaDevice>(options);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
