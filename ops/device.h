#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ops/augment.h"
#include "ops/heatmap.h"
#include "ops/layer.h"
#include "ops/loss.h"
#include "ops/max_pool.h"
#include "ops/normalisation.h"
#include "ops/recording.h"
#include "ops/sgd.h"
#include "ops/tensor.h"

namespace palimpsest {

struct DeviceInfo {
  std::string name;         // cpu, cuda, cuda-emulated
  std::string description;  // processor, instruction set, libraries and their versions
  int threads = 1;
  std::string algorithms = "auto";                       // AlgorithmTable::description() of what it was made with
  std::vector<std::string> convolution_algorithms = {};  // the names that a table may give it
  bool chooses_linear = false;                           // whether a table chooses for fully connected layers too
  // What the last bits of a result depend on, as a run records it.
  std::string fingerprint() const;
};

// What a device can do. Pure virtual throughout: a new operation breaks the build until every device has it.
// All calls come from one thread. Canonical order of upload and download: NCHW (weights OIHW, matrices row major).
class Device {
 public:
  virtual ~Device() = default;
  virtual DeviceInfo info() const = 0;

  // Memory. Fresh storage is zero. A tensor may use a larger storage, so that one piece serves several shapes in turn.
  virtual std::size_t bytes(const Shape& shape, Layout layout) const = 0;
  virtual std::shared_ptr<Storage> allocate(std::size_t bytes) = 0;
  Tensor make(const Shape& shape, Layout layout) { return {shape, layout, allocate(bytes(shape, layout))}; }
  Tensor make(const Shape& shape, Layout layout, std::span<const float> values);  // and uploads them
  virtual void upload(const Tensor& to, std::span<const float> values) = 0;
  virtual void download(const Tensor& from, std::span<float> values) = 0;
  std::vector<float> download(const Tensor& from);
  virtual void copy(const Tensor& from, const Tensor& to) = 0;  // same count; activation <-> matrix flattens c, h, w
  virtual void fill(const Tensor& tensor, float value) = 0;     // every logical value; padding stays zero

  // Plans. Scratch memory belongs to the device, and everything it runs shares it in turn: what is in there is lost at
  // the next call. It grows when a plan is made or runs for the first time, never when a call is repeated.
  virtual std::unique_ptr<LayerPlan> plan_layer(const LayerShape& shape) = 0;
  virtual std::unique_ptr<MaxPoolPlan> plan_max_pool(const Shape& input) = 0;

  // Element by element. relu_backward: gradient = 0 where output <= 0, in place.
  virtual void relu_backward(const Tensor& output, const Tensor& gradient) = 0;
  virtual void focal_loss(const FocalLoss& loss, const Tensor& logits, const Tensor& labels,
                          const Tensor* gradient) = 0;  // gradient: of the mean loss, or null
  virtual LossResult loss_result() = 0;                 // of the last focal_loss that ran; waits for it

  // Pictures to inputs in one go: images[i] = the i-th picture through maps[i], then normalised (ops/augment.h).
  // pixels: n x h x w x 3 bytes (R, G, B) of the host; images: (n, 3, h, w) activation
  virtual void augment(std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps,
                       const Normalisation& normalisation, const Tensor& images) = 0;

  // Makes what `step` asks of this device repeatable: each run() does it again, `record` alone need not do it at all.
  // requires: step has run once on its own, so that scratch memory grows no more; it uploads, downloads, allocates and
  // asks for results nowhere; its tensors and plans outlive the recording.
  virtual std::unique_ptr<Recording> record(const std::function<void()>& step) = 0;

  // Training. Both return the index of the first parameter with a gradient (sgd_step: gradient, value or new value)
  // that is not finite, -1 if none. sgd_step leaves such a value as it was, so that what went wrong can still be found.
  struct NormResult {
    double squared = 0;
    int not_finite = -1;
  };
  virtual NormResult gradient_norm(std::span<const SgdParameter> parameters) = 0;
  virtual int sgd_step(std::span<const SgdParameter> parameters, const SgdOptions& options) = 0;

  // Heatmaps. maps[n,p] = sum over c of relevance[n,c,p], in double in the order of c; relevance: (n, c, h, w)
  // activation, maps: (n, h * w) matrix. normalise_maps: every row by itself (ops/heatmap.h); `to` may be `maps`.
  virtual void sum_channels(const Tensor& relevance, const Tensor& maps) = 0;
  virtual void normalise_maps(const Tensor& maps, MapNormalisation kind, const Tensor& to) = 0;

  // Relevance. to = f(from), the same layout (kernel, matrix, channels).
  virtual void map_weights(const Tensor& from, WeightMap map, double gamma, const Tensor& to) = 0;
  virtual double sum(const Tensor& tensor) = 0;       // in double, in a fixed order
  virtual double smallest(const Tensor& tensor) = 0;  // NaN if any value is
};

}  // namespace palimpsest
