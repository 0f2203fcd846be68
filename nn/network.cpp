#include "nn/network.h"

#include <algorithm>

#include "base/error.h"
#include "ops/out_of_memory.h"

namespace palimpsest::nn {

const Tensor& Trace::features() const {
  return std::ranges::find(layers, kBlocks, &Layer::block)->input;
}

GradientProduct Trace::product(const Parameter& parameter) const {
  for (const TracedLayer& layer : layers)
    if (!layer.gradient.empty() && layer.name + ".weight" == parameter.name)
      return {layer.plan, layer.input, layer.gradient};
  return {};
}

Network::Network(Device& device, const Architecture& architecture)
    : device_(device), architecture_(architecture), layers_(layers_of(architecture)) {
  for (const Layer& layer : layers_) {
    if (!layer.has_weights()) continue;
    const LayerShape shape = layer.shape(1);
    parameters_.push_back(
        {layer.name + ".weight", layer.block, device_.make(shape.weights(), shape.weights_layout()), {}});
    parameters_.push_back({layer.name + ".bias", layer.block, device_.make(shape.bias(), shape.vector_layout()), {}});
  }
}

Network::Network(const Network& blocks, const Architecture& architecture) : Network(blocks.device_, architecture) {
  const Architecture& theirs = blocks.architecture_;
  PALIMPSEST_REQUIRE(theirs.depth == architecture.depth && theirs.size == architecture.size &&
                         theirs.channels == architecture.channels,
                     "blocks of another kind");
  for (std::size_t i = 0; i < parameters_.size() && parameters_[i].block < kBlocks; ++i)
    parameters_[i].value = blocks.parameters_[i].value;
  set_frozen(blocks.frozen_);
}

void Network::set_frozen(const std::array<bool, kBlocks>& frozen) {
  frozen_ = frozen;
  for (auto& p : parameters_)
    if (!trained(p.block)) p.gradient = {};
}

int Network::lowest_trained_block() const {
  return int(std::find(frozen_.begin(), frozen_.end(), false) - frozen_.begin());
}

namespace {
Shape for_images(Shape of_one, int n) {
  of_one.n = n;
  return of_one;
}
}  // namespace

const Network::Plans& Network::plans_for(int n) {
  if (const auto at = plans_.find(n); at != plans_.end()) return at->second;
  Plans plans;
  for (const Layer& layer : layers_) {
    Plan& plan = plans.emplace_back();
    if (layer.has_weights()) plan.layer = device_.plan_layer(layer.shape(n));
    if (layer.kind == Layer::Kind::max_pool) plan.max_pool = device_.plan_max_pool(for_images(layer.in, n));
  }
  return plans_.emplace(n, std::move(plans)).first->second;
}

namespace {

// Hands out the tensors of a trace: fresh ones if they are kept, else two alternating buffers and one for winners.
class TraceTensors {
 public:
  TraceTensors(Device& device, std::size_t& made) : device_(device), made_(made) {}
  Tensor make(const Shape& shape, bool kept) {
    if (kept) return fresh(shape, Layout::activation);
    turn_ = 1 - turn_;
    return reuse(shape, Layout::activation, shared_[turn_], bytes_[turn_]);
  }
  Tensor winner(const Shape& shape, bool kept) {
    if (kept) return fresh(shape, Layout::winners);
    return reuse(shape, Layout::winners, winner_, winner_bytes_);
  }

 private:
  Tensor fresh(const Shape& shape, Layout layout) {
    Tensor tensor = device_.make(shape, layout);
    made_ += device_.bytes(shape, layout);
    return tensor;
  }
  Tensor reuse(const Shape& shape, Layout layout, std::shared_ptr<Storage>& storage, std::size_t& held) {
    const std::size_t bytes = device_.bytes(shape, layout);
    if (bytes > held) {
      storage = device_.allocate(bytes);
      held = bytes;
    }
    return {shape, layout, storage};
  }
  Device& device_;
  std::size_t& made_;  // bytes of what is kept
  int turn_ = 0;
  std::shared_ptr<Storage> shared_[2], winner_;
  std::size_t bytes_[2] = {}, winner_bytes_ = 0;
};

}  // namespace

// The memory of one image in a trace and its backward pass: almost all of the total.
std::size_t Network::bytes_per_image(int keep_from) const {
  std::size_t total = 0, largest = 0;
  for (const Layer& layer : layers_) {
    if (layer.kind != Layer::Kind::convolution) continue;
    const std::size_t one = device_.bytes(layer.out, layer.out_layout());
    if (layer.block >= keep_from) total += one + device_.copy_bytes(layer.in, layer.in_layout());
    largest = std::max(largest, one + device_.copy_bytes(layer.out, layer.out_layout()));
  }
  return total + 2 * largest;
}

Trace Network::make_trace(int n, int keep_from) {
  std::size_t made = 0;
  try {
    return make_trace(n, keep_from, made);
  } catch (const OutOfMemory& error) {
    const std::size_t fits = (made + error.free) / std::max<std::size_t>(1, bytes_per_image(keep_from));
    if (fits == 0 || fits >= std::size_t(n)) throw;
    throw OutOfMemory(
        error.what(), error.asked, error.free,
        fmt::format("a --batch of about {} would fit in place of {}; or use a smaller --size or --width", fits, n));
  }
}

Trace Network::make_trace(int n, int keep_from, std::size_t& made) {
  const Plans& plans = plans_for(n);
  Trace trace{n, keep_from, {}};
  TraceTensors tensors(device_, made);
  Tensor at = device_.make(for_images(layers_.front().in, n), layers_.front().in_layout());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    TracedLayer& traced = trace.layers.emplace_back(layer, plans[i].layer.get(), plans[i].max_pool.get(), at);
    const Shape out = for_images(layer.out, n);
    const bool pool = layer.kind == Layer::Kind::max_pool, kept = layer.block >= keep_from;
    if (layer.block == kBlocks)
      traced.output = device_.make(out, layer.out_layout());
    else
      traced.output = tensors.make(out, kept || (pool && layer.block + 1 >= keep_from));  // the next block's input
    if (pool) traced.winner = tensors.winner(out, kept);
    if (!keeps_gradients_ && layer.has_weights() && traced.plan->steps_weights())
      traced.gradient = device_.make(out, layer.out_layout());
    at = traced.output;
  }
  return trace;
}

namespace {
void run(Device& device, const std::vector<Parameter>& parameters, const TracedLayer& layer) {
  if (layer.plan)
    layer.plan->forward(layer.input, parameters[std::size_t(layer.parameter)].value,
                        parameters[std::size_t(layer.parameter) + 1].value, layer.relu, layer.output);
  else if (layer.max_pool)
    layer.max_pool->forward(layer.input, layer.output, layer.winner);
  else if (layer.kind == Layer::Kind::average_pool)
    device.average_pool(layer.input, layer.output);
  else
    device.copy(layer.input, layer.output);
}
}  // namespace

void Network::forward_blocks(Trace& trace) {
  for (const auto& layer : trace.layers)
    if (layer.block < kBlocks) run(device_, parameters_, layer);
}

void Network::forward_head(Trace& trace) {
  for (const auto& layer : trace.layers)
    if (layer.block == kBlocks) run(device_, parameters_, layer);
}

void Network::forward(Trace& trace) {
  forward_blocks(trace);
  forward_head(trace);
}

Tensor Network::gradient_tensor(const Shape& shape, Layout layout, int buffer) {
  const auto b = std::size_t(buffer);
  const std::size_t bytes = device_.bytes(shape, layout);
  if (bytes > gradient_bytes_[b]) {
    gradient_buffers_[b] = device_.allocate(bytes);
    gradient_bytes_[b] = bytes;
  }
  return {shape, layout, gradient_buffers_[b]};
}

void Network::backward(Trace& trace, const Tensor& logits_gradient) {
  const int lowest = lowest_trained_block();
  PALIMPSEST_REQUIRE(trace.keep_from <= lowest, "the trace keeps blocks from {}, training starts at {}",
                     trace.keep_from, lowest);
  for (auto& p : parameters_)
    if (trained(p.block) && p.gradient.empty() && !trace.product(p).plan)
      p.gradient = device_.make(p.value.shape, p.value.layout);
  Tensor gradient = logits_gradient;
  int buffer = 0;
  for (std::size_t i = trace.layers.size(); i-- > 0;) {
    const TracedLayer& layer = trace.layers[i];
    if (layer.block < lowest || (lowest == kBlocks && !layer.has_weights())) return;
    if (layer.plan && trained(layer.block))
      layer.plan->backward_weights(
          layer.input, gradient, layer.gradient.empty() ? parameters_[std::size_t(layer.parameter)].gradient : Tensor{},
          parameters_[std::size_t(layer.parameter) + 1].gradient);
    const bool needed_below =
        i > 0 && (trace.layers[i - 1].block >= lowest && !(lowest == kBlocks && !trace.layers[i - 1].has_weights()));
    if (!needed_below) return;
    Tensor below = trace.layers[i - 1].gradient;
    if (below.empty()) {
      below = gradient_tensor(layer.input.shape, layer.input.layout, buffer);
      buffer = 1 - buffer;
    }
    // Through the layer, and through the ReLU below it.
    if (layer.plan)
      layer.plan->backward_data(gradient, parameters_[std::size_t(layer.parameter)].value,
                                trace.layers[i - 1].relu ? layer.input : Tensor{}, below);
    else if (layer.max_pool)
      layer.max_pool->backward(gradient, layer.winner, layer.output, below);
    else if (layer.kind == Layer::Kind::average_pool)
      device_.average_pool_backward(gradient, {}, below);
    else
      device_.copy(gradient, below);
    gradient = below;
  }
}

}  // namespace palimpsest::nn
