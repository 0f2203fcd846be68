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
#include "ops/pending.h"
#include "ops/recording.h"
#include "ops/scalars.h"
#include "ops/sgd.h"
#include "ops/tensor.h"
#include "ops/timer.h"

namespace palimpsest {

struct DeviceInfo {
  std::string name;         // cpu, cuda, cuda-emulated
  std::string description;  // processor, instruction set, libraries and their versions
  int threads = 1;
  std::string algorithms = "auto";                       // AlgorithmTable::description() of what it was made with
  std::vector<std::string> convolution_algorithms = {};  // the names that a table may give it
  bool chooses_linear = false;                           // whether a table chooses for fully connected layers too
  bool records = false;                                  // whether record() saves anything
  std::size_t cache_bytes = 0;                           // of the last-level cache; all of them, if there are several
  std::string gpu = {};                                  // its name as the driver knows it; empty: no GPU
  std::string gpu_bus = {};                              // its place on the PCI bus: 00000000:65:00.0
  // What the last bits of a result depend on besides the processor, as a run records it.
  std::string fingerprint() const;
};

// What a device can do. Pure virtual throughout: a new operation breaks the build until every device has it.
// All calls come from one thread. Canonical order of upload and download: NCHW (weights OIHW, matrices row major).
class Device {
 public:
  virtual ~Device() = default;
  virtual DeviceInfo info() const = 0;

  // Memory. Fresh storage is zero. A tensor may use a larger storage, so that one piece can be reused for several
  // shapes.
  virtual std::size_t bytes(const Shape& shape, Layout layout) const = 0;
  // Of the copy that the device makes of a tensor, and keeps beside it, when it is first an operand of a product, which
  // then reads the copy alone; 0: products read the tensor itself.
  virtual std::size_t copy_bytes(const Shape& shape, Layout layout) const = 0;
  virtual std::size_t free_bytes() const = 0;  // in memory of its own, at present; 0: it works in the host's
  virtual std::shared_ptr<Storage> allocate(std::size_t bytes) = 0;
  Tensor make(const Shape& shape, Layout layout) { return {shape, layout, allocate(bytes(shape, layout))}; }
  Tensor make(const Shape& shape, Layout layout, std::span<const float> values);  // and uploads them
  virtual void upload(const Tensor& to, std::span<const float> values) = 0;
  virtual void download(const Tensor& from, std::span<float> values) = 0;
  std::vector<float> download(const Tensor& from);
  virtual void copy(const Tensor& from, const Tensor& to) = 0;  // same count; activation <-> matrix flattens c, h, w
  virtual void fill(const Tensor& tensor, float value) = 0;     // every logical value; padding stays zero

  // Plans. Scratch memory belongs to the device and is shared by everything it runs: its content is lost at the next
  // call. It grows when a plan is made or first run, never when a call is repeated.
  virtual std::unique_ptr<LayerPlan> plan_layer(const LayerShape& shape) = 0;
  virtual std::unique_ptr<MaxPoolPlan> plan_max_pool(const Shape& input) = 0;

  // Global average pooling. x, dx: (n, c, h, w) activation; y, dy: (n, c) matrix. y[n,c] = mean over h, w of
  // x[n,c,h,w], summed in double in a fixed order. dx[n,c,h,w] = dy[n,c] / (h w), times x if it is not empty: with dy =
  // R / stabilised(y) that is relevance (Bach et al., PLoS ONE 2015, eqs. 56 and 58, of a layer whose weights are 1 /
  // (h w)).
  virtual void average_pool(const Tensor& x, const Tensor& y) = 0;
  virtual void average_pool_backward(const Tensor& dy, const Tensor& x, const Tensor& dx) = 0;

  // Images of activations that differ only in n. take_images: to[i] = from[images[i]]; images: (n, 1) matrix of whole
  // numbers below from's n (and 2^24), which are not checked. put_images: to[first + i] = from[i].
  virtual void take_images(const Tensor& from, const Tensor& images, const Tensor& to) = 0;
  virtual void put_images(const Tensor& from, const Tensor& to, int first) = 0;

  // to += from, the same shape and layout.
  virtual void add(const Tensor& from, const Tensor& to) = 0;
  virtual void focal_loss(const FocalLoss& loss, const Tensor& logits, const Tensor& labels,
                          const Tensor* gradient) = 0;  // gradient: of the mean loss, or null
  virtual Pending<LossResult> loss_result() = 0;        // of the last focal_loss

  // Pictures to inputs in one go: images[i] = the i-th picture through maps[i], then normalised (ops/augment.h).
  // pixels: n x h x w x 3 bytes (R, G, B) of the host; images: (n, 3, h, w) activation
  virtual void augment(std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps,
                       const Normalisation& normalisation, const Tensor& images) = 0;

  // Records the work that `step` gives this device: each run() repeats it; `record` itself need not run it.
  // requires: step has run once before, so that scratch memory and copies have their size; it does not upload,
  // download, allocate or read results; its tensors and plans outlive the recording.
  virtual std::unique_ptr<Recording> record(const std::function<void()>& step) = 0;

  // Of this device's work (ops/timer.h). It is not used inside a recorded step, and does not outlive the device.
  virtual std::unique_ptr<Timer> make_timer() = 0;

  // Training. Both return the index of the first parameter with a gradient (sgd_step: gradient, value or new value)
  // that is not finite, -1 if none. sgd_step does not change such a value, so that the cause can still be found; with
  // SgdOptions::clip_norm and a gradient that is not finite it changes nothing.
  struct NormResult {
    double squared = 0;
    int not_finite = -1;
  };
  virtual NormResult gradient_norm(std::span<const SgdParameter> parameters) = 0;
  virtual Pending<int> sgd_step(std::span<const SgdParameter> parameters, const SgdOptions& options) = 0;

  // Heatmaps. maps[n,p] = sum over c of relevance[n,c,p], in double in the order of c; relevance: (n, c, h, w)
  // activation, maps: (n, h * w) matrix. normalise_maps: each row separately (ops/heatmap.h); `to` may be `maps`.
  virtual void sum_channels(const Tensor& relevance, const Tensor& maps) = 0;
  virtual void normalise_maps(const Tensor& maps, MapNormalisation kind, const Tensor& to) = 0;

  // Relevance. to = f(from), the same layout (kernel, matrix, channels).
  virtual void map_weights(const Tensor& from, WeightMap map, double gamma, const Tensor& to) = 0;
  // The denominator (ops/relevance.h) of a layer without weights, whose z is known: an (n, c) matrix.
  virtual void relevance_quotients(const Tensor& z, const Stabiliser& stabiliser, std::span<const Tensor> relevance,
                                   std::span<const Tensor> quotients, const Scalars& sums) = 0;

  // Scalars. sum: one, in double, in a fixed order. read waits.
  Scalars make_scalars(int count) { return {allocate(std::size_t(count) * sizeof(double)), 0}; }
  virtual void sum(const Tensor& tensor, const Scalars& to) = 0;
  virtual std::vector<double> read(const Scalars& from, int count) = 0;
  double sum(const Tensor& tensor);
};

}  // namespace palimpsest
