#include "tests/support/counting_device.h"

namespace palimpsest {

namespace {

class CountingLayer final : public LayerPlan {
 public:
  CountingLayer(CountingDevice& device, const LayerShape& shape, int number, std::unique_ptr<LayerPlan> inner)
      : device_(device),
        kind_(shape.is_convolution() ? "conv2d_" : "linear_"),
        number_(number),
        inner_(std::move(inner)) {}
  std::string algorithm(LayerPass pass) const override { return inner_->algorithm(pass); }
  void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) override {
    device_.called(kind_ + "forward", number_);
    inner_->forward(x, w, b, relu, y);
  }
  void backward_data(const Tensor& dy, const Tensor& w, const Tensor& rectified, const Tensor& dx) override {
    device_.called(kind_ + "backward_data", number_);
    inner_->backward_data(dy, w, rectified, dx);
  }
  void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) override {
    device_.called(kind_ + "backward_weights", number_);
    inner_->backward_weights(x, dy, dw, db);
  }
  bool steps_weights() const override { return false; }  // a plan of its own device
  void relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                             std::span<const Tensor> quotients) override {
    device_.called(kind_ + "relevance_denominator", number_);
    inner_->relevance_denominator(what, relevance, quotients);
  }
  void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                              const Tensor& relevance) override {
    device_.called(kind_ + "relevance_redistribute", number_);
    inner_->relevance_redistribute(what, quotient, relevance);
  }

 private:
  CountingDevice& device_;
  const std::string kind_;
  int number_;
  std::unique_ptr<LayerPlan> inner_;
};

class CountingMaxPool final : public MaxPoolPlan {
 public:
  CountingMaxPool(CountingDevice& device, int number, std::unique_ptr<MaxPoolPlan> inner)
      : device_(device), number_(number), inner_(std::move(inner)) {}
  void forward(const Tensor& x, const Tensor& y, const Tensor& winner) override {
    device_.called("max_pool_forward", number_);
    inner_->forward(x, y, winner);
  }
  void backward(const Tensor& dy, const Tensor& winner, const Tensor& relu_output, const Tensor& dx) override {
    device_.called("max_pool_backward", number_);
    inner_->backward(dy, winner, relu_output, dx);
  }

 private:
  CountingDevice& device_;
  int number_;
  std::unique_ptr<MaxPoolPlan> inner_;
};

}  // namespace

int CountingDevice::count(const std::string& operation) const {
  return count_layer(operation, 0, 1);
}

int CountingDevice::count(const std::string& operation, int plan) const {
  const auto at = calls_.find({operation, plan});
  return at == calls_.end() ? 0 : at->second;
}

int CountingDevice::count_layer(const std::string& operation, int layer, int layers) const {
  int total = 0;
  for (const auto& [what, times] : calls_)
    if (what.first == operation && (what.second < 0 || what.second % layers == layer)) total += times;
  return total;
}

std::shared_ptr<Storage> CountingDevice::allocate(std::size_t bytes) {
  called("allocate", -1);
  return inner_.allocate(bytes);
}
void CountingDevice::upload(const Tensor& to, std::span<const float> values) {
  called("upload", -1);
  inner_.upload(to, values);
}
void CountingDevice::download(const Tensor& from, std::span<float> values) {
  called("download", -1);
  inner_.download(from, values);
}
void CountingDevice::copy(const Tensor& from, const Tensor& to) {
  called("copy", -1);
  inner_.copy(from, to);
}
void CountingDevice::fill(const Tensor& tensor, float value) {
  called("fill", -1);
  inner_.fill(tensor, value);
}
std::unique_ptr<LayerPlan> CountingDevice::plan_layer(const LayerShape& shape) {
  int& number = shape.is_convolution() ? convolutions_ : linears_;
  return std::make_unique<CountingLayer>(*this, shape, number++, inner_.plan_layer(shape));
}
std::unique_ptr<MaxPoolPlan> CountingDevice::plan_max_pool(const Shape& input) {
  return std::make_unique<CountingMaxPool>(*this, pools_++, inner_.plan_max_pool(input));
}
void CountingDevice::average_pool(const Tensor& x, const Tensor& y) {
  called("average_pool", -1);
  inner_.average_pool(x, y);
}
void CountingDevice::average_pool_backward(const Tensor& dy, const Tensor& x, const Tensor& dx) {
  called("average_pool_backward", -1);
  inner_.average_pool_backward(dy, x, dx);
}
void CountingDevice::take_images(const Tensor& from, const Tensor& images, const Tensor& to) {
  called("take_images", -1);
  inner_.take_images(from, images, to);
}
void CountingDevice::put_images(const Tensor& from, const Tensor& to, int first) {
  called("put_images", -1);
  inner_.put_images(from, to, first);
}
void CountingDevice::add(const Tensor& from, const Tensor& to) {
  called("add", -1);
  inner_.add(from, to);
}
void CountingDevice::focal_loss(const FocalLoss& loss, const Tensor& logits, const Tensor& labels,
                                const Tensor* gradient) {
  called("focal_loss", -1);
  inner_.focal_loss(loss, logits, labels, gradient);
}
Pending<LossResult> CountingDevice::loss_result() {
  called("loss_result", -1);
  return inner_.loss_result();
}
void CountingDevice::augment(std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps,
                             const Normalisation& normalisation, const Tensor& images) {
  called("augment", -1);
  inner_.augment(pixels, maps, normalisation, images);
}
std::unique_ptr<Recording> CountingDevice::record(const std::function<void()>& step) {
  called("record", -1);
  return inner_.record(step);
}
Device::NormResult CountingDevice::gradient_norm(std::span<const SgdParameter> parameters) {
  called("gradient_norm", -1);
  return inner_.gradient_norm(parameters);
}
Pending<int> CountingDevice::sgd_step(std::span<const SgdParameter> parameters, const SgdOptions& options) {
  called("sgd_step", -1);
  return inner_.sgd_step(parameters, options);
}
void CountingDevice::sum_channels(const Tensor& relevance, const Tensor& maps) {
  called("sum_channels", -1);
  inner_.sum_channels(relevance, maps);
}
void CountingDevice::normalise_maps(const Tensor& maps, MapNormalisation kind, const Tensor& to) {
  called("normalise_maps", -1);
  inner_.normalise_maps(maps, kind, to);
}
void CountingDevice::map_weights(const Tensor& from, WeightMap map, double gamma, const Tensor& to) {
  called("map_weights", -1);
  inner_.map_weights(from, map, gamma, to);
}
void CountingDevice::relevance_quotients(const Tensor& z, const Stabiliser& stabiliser,
                                         std::span<const Tensor> relevance, std::span<const Tensor> quotients,
                                         const Scalars& sums) {
  called("relevance_quotients", -1);
  inner_.relevance_quotients(z, stabiliser, relevance, quotients, sums);
}
void CountingDevice::sum(const Tensor& tensor, const Scalars& to) {
  called("sum", -1);
  inner_.sum(tensor, to);
}
std::vector<double> CountingDevice::read(const Scalars& from, int count) {
  called("read", -1);
  return inner_.read(from, count);
}

}  // namespace palimpsest
