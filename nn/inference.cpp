#include "nn/inference.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "nn/batch_upload.h"

namespace palimpsest::nn {

void for_each_batch(std::shared_ptr<const data::Examples> examples, int batch, const Normalisation& normalisation,
                    const std::string& task, const std::function<void(data::Batch& batch, int first)>& use) {
  Progress progress(task, examples->count());
  data::LoaderOptions options;
  options.batch = batch;
  options.shuffle = false;
  options.normalisation = normalisation;
  data::Loader loader(std::move(examples), options);
  loader.start_epoch(0);
  data::Batch loaded;
  for (int first = 0; loader.next(loaded); first += loaded.count) {
    check_interrupt();
    use(loaded, first);
    progress.advance(loaded.count);
  }
}

void infer(Network& network, std::shared_ptr<const data::Examples> examples, const InferenceOptions& options,
           const std::function<void(const Outputs&)>& take) {
  Device& device = network.device();
  require_no_overflow(network, *examples, options.normalisation);
  Trace trace;
  std::vector<float> features;
  for_each_batch(examples, options.batch, options.normalisation, options.task,
                 [&](const data::Batch& batch, int first) {
                   if (trace.n != batch.count) trace = network.make_trace(batch.count, kBlocks);
                   upload_images(device, batch, trace.input());
                   network.forward(trace);
                   const bool head = network.architecture().classes > 0;
                   const auto logits = head ? device.download(trace.logits()) : std::vector<float>();
                   if (options.features) features = device.download(trace.features());
                   const auto& last = head ? logits : features;
                   if (std::any_of(last.begin(), last.end(), [](float v) { return !std::isfinite(v); }))
                     throw Error(fmt::format("{} of image {} or one of the {} after it is not finite, first in {}",
                                             head ? "a logit" : "a feature", examples->id(first), batch.count - 1,
                                             first_not_finite(network, trace)),
                                 "check the input and the weights");
                   take({first, batch.count, logits, features});
                 });
}

std::vector<double> softmax(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  double sum = 0;
  for (const float logit : logits) sum += p.emplace_back(std::exp(double(logit) - top));
  for (auto& value : p) value /= sum;
  return p;
}

namespace {
double norm(std::span<const float> values) {
  double squared = 0;
  for (const float v : values) squared += double(v) * double(v);
  return std::sqrt(squared);
}
}  // namespace

void require_no_overflow(Network& network, const data::Examples& examples, const Normalisation& normalisation) {
  if (examples.count() == 0) return;
  Device& device = network.device();
  Trace trace = network.make_trace(1, 0);
  std::vector<float> image(3 * std::size_t(examples.height()) * std::size_t(examples.width()));
  examples.fill(0, {}, normalisation, image.data());
  device.upload(trace.input(), image);
  network.forward(trace);
  double largest = norm(image);
  for (const auto& layer : trace.layers) {
    if (!layer.has_weights()) continue;
    const auto& weight = network.parameters()[std::size_t(layer.parameter)];
    const SgdParameter one{weight.value, weight.value, {}};
    const double weights = std::sqrt(device.gradient_norm({&one, 1}).squared);
    if (!std::isfinite(weights))
      throw Error(fmt::format("{} holds a value that is not finite", weight.name), "check the weights");
    const double bound = largest * weights;
    constexpr double limit = 1e30;  // a fast convolution's intermediate values are larger than its results
    if (!(bound < limit))
      throw Error(fmt::format("{} overflows: its inputs of up to {:.2g} and weights of up to {:.2g} (Euclidean norms) "
                              "may give {:.2g} for image {}",
                              layer.name, largest, weights, bound, examples.id(0)),
                  "the weights are corrupt, or the pictures are not scaled as they expect: check --normalisation");
    largest = norm(device.download(layer.output));
  }
}

std::string first_not_finite(Network& network, const Trace& trace) {
  for (const auto& layer : trace.layers) {
    if (layer.has_weights())
      for (const int i : {0, 1}) {
        const auto& p = network.parameters()[std::size_t(layer.parameter + i)];
        if (!std::isfinite(network.device().sum(p.value))) return p.name;
      }
    const bool kept = layer.block >= trace.keep_from || layer.block == kBlocks;
    if (kept && !std::isfinite(network.device().sum(layer.output))) return "the output of " + layer.name;
  }
  return {};
}

}  // namespace palimpsest::nn
