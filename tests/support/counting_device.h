#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ops/device.h"

namespace palimpsest {

// A wrapper of another device that counts calls. Plans are numbered in order of creation, each kind separately, so a
// network's layer is the number modulo its layers of that kind.
class CountingDevice : public Device {
 public:
  explicit CountingDevice(Device& inner) : inner_(inner) {}

  // "conv2d_forward", "conv2d_backward_data", ... or, without plans, "focal_loss", "sgd_step", "upload", ...
  int count(const std::string& operation) const;            // of all plans together
  int count(const std::string& operation, int plan) const;  // of one plan; -1: of those without a plan
  // The same for the plans `layer`, `layer + layers`, `layer + 2 * layers`, ...: one layer for all batch sizes.
  int count_layer(const std::string& operation, int layer, int layers) const;
  void reset() { calls_.clear(); }
  void called(const std::string& operation, int plan) { ++calls_[{operation, plan}]; }

  DeviceInfo info() const override { return inner_.info(); }
  std::size_t bytes(const Shape& shape, Layout layout) const override { return inner_.bytes(shape, layout); }
  std::size_t free_bytes() const override { return inner_.free_bytes(); }
  std::size_t copy_bytes(const Shape& shape, Layout layout) const override { return inner_.copy_bytes(shape, layout); }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override;
  void upload(const Tensor& to, std::span<const float> values) override;
  using Device::download;
  void download(const Tensor& from, std::span<float> values) override;
  void copy(const Tensor& from, const Tensor& to) override;
  void fill(const Tensor& tensor, float value) override;
  std::unique_ptr<LayerPlan> plan_layer(const LayerShape& shape) override;
  std::unique_ptr<MaxPoolPlan> plan_max_pool(const Shape& input) override;
  void average_pool(const Tensor& x, const Tensor& y) override;
  void average_pool_backward(const Tensor& dy, const Tensor& x, const Tensor& dx) override;
  void take_images(const Tensor& from, const Tensor& images, const Tensor& to) override;
  void put_images(const Tensor& from, const Tensor& to, int first) override;
  void add(const Tensor& from, const Tensor& to) override;
  void focal_loss(const FocalLoss& loss, const Tensor& logits, const Tensor& labels, const Tensor* gradient) override;
  Pending<LossResult> loss_result() override;
  void augment(std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps, const Normalisation& normalisation,
               const Tensor& images) override;
  std::unique_ptr<Recording> record(const std::function<void()>& step) override;
  std::unique_ptr<Timer> make_timer() override { return inner_.make_timer(); }
  NormResult gradient_norm(std::span<const SgdParameter> parameters) override;
  Pending<int> sgd_step(std::span<const SgdParameter> parameters, const SgdOptions& options) override;
  void sum_channels(const Tensor& relevance, const Tensor& maps) override;
  void normalise_maps(const Tensor& maps, MapNormalisation kind, const Tensor& to) override;
  void map_weights(const Tensor& from, WeightMap map, double gamma, const Tensor& to) override;
  void relevance_quotients(const Tensor& z, const Stabiliser& stabiliser, std::span<const Tensor> relevance,
                           std::span<const Tensor> quotients, const Scalars& sums) override;
  using Device::sum;
  void sum(const Tensor& tensor, const Scalars& to) override;
  std::vector<double> read(const Scalars& from, int count) override;

 private:
  Device& inner_;
  std::map<std::pair<std::string, int>, int> calls_;
  int convolutions_ = 0, linears_ = 0, pools_ = 0;
};

}  // namespace palimpsest
