#include "nn/network.h"

#include <algorithm>

#include "base/error.h"
#include "ops/out_of_memory.h"

namespace palimpsest {

const Tensor& Trace::features() const {
  const auto flatten =
      std::find_if(layers.begin(), layers.end(), [](const Layer& l) { return l.kind == Layer::Kind::flatten; });
  return flatten->input;
}

Network::Network(Device& device, const Architecture& architecture) : device_(device), architecture_(architecture) {
  int in = 3;
  for (const auto& layer : layer_names(architecture_)) {
    const bool convolution = layer.block < kBlocks;
    const int last = architecture_.classes;
    int out = 0;
    if (convolution) {
      out = architecture_.channels[std::size_t(layer.block)];
    } else {
      const auto i = std::size_t(std::stoi(layer.name.substr(layer.name.find('.') + 1))) / 3;
      if (i == 0) in = architecture_.features();
      out = i < architecture_.hidden.size() ? architecture_.hidden[i] : last;
    }
    const Shape weight = convolution ? Shape{out, in, 3, 3} : Shape{out, in};
    parameters_.push_back(
        {layer.name + ".weight", layer.block, device_.make(weight, convolution ? Layout::kernel : Layout::matrix), {}});
    parameters_.push_back({layer.name + ".bias",
                           layer.block,
                           device_.make({1, out}, convolution ? Layout::channels : Layout::matrix),
                           {}});
    in = out;
  }
}

void Network::set_frozen(const std::array<bool, kBlocks>& frozen) {
  frozen_ = frozen;
  for (auto& p : parameters_)
    if (!trained(p.block)) p.gradient = {};
}

int Network::lowest_trained_block() const {
  return int(std::find(frozen_.begin(), frozen_.end(), false) - frozen_.begin());
}

Network::Plans& Network::plans_for(int n) {
  auto [at, fresh] = plans_.try_emplace(n);
  Plans& plans = at->second;
  if (!fresh) return plans;
  int side = architecture_.size, in = 3;
  for (int block = 0; block < kBlocks; ++block) {
    const int out = architecture_.channels[std::size_t(block)];
    for (int i = 0; i < kConvolutionsPerBlock[std::size_t(block)]; ++i, in = out)
      plans.convolutions.push_back(device_.plan_conv2d({n, in, side, side, out}));
    plans.pools.push_back(device_.plan_max_pool({n, out, side, side}));
    side /= 2;
  }
  if (architecture_.classes == 0) return plans;
  in = architecture_.features();
  for (std::size_t i = 0; i <= architecture_.hidden.size(); ++i) {
    const int out = i < architecture_.hidden.size() ? architecture_.hidden[i] : architecture_.classes;
    plans.linears.push_back(device_.plan_linear({n, in, out}));
    in = out;
  }
  return plans;
}

namespace {

// Hands out the tensors of a trace: fresh ones where they are kept, else two buffers in turn and one for winners.
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

// What one image takes of the memory of a trace and its backward pass: about all of it.
std::size_t Network::bytes_per_image(int keep_from) const {
  std::size_t total = 0, largest = 0;
  int side = architecture_.size;
  for (int block = 0; block < kBlocks; ++block, side /= 2) {
    const auto b = std::size_t(block);
    const std::size_t one = device_.bytes({1, architecture_.channels[b], side, side}, Layout::activation);
    if (block >= keep_from) total += one * std::size_t(kConvolutionsPerBlock[b]);
    largest = std::max(largest, one);
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
  Plans& plans = plans_for(n);
  Trace trace{n, keep_from, {}};
  TraceTensors tensors(device_, made);
  int side = architecture_.size, parameter = 0;
  Tensor at = device_.make({n, 3, side, side}, Layout::activation);
  std::size_t convolution = 0;
  for (int block = 0; block < kBlocks; ++block) {
    const int out = architecture_.channels[std::size_t(block)];
    const bool kept = block >= keep_from;
    for (int i = 0; i < kConvolutionsPerBlock[std::size_t(block)]; ++i, parameter += 2, ++convolution) {
      Layer layer{Layer::Kind::convolution,
                  parameters_[std::size_t(parameter)].name,
                  block,
                  true,
                  parameter,
                  plans.convolutions[convolution].get(),
                  nullptr,
                  nullptr,
                  at,
                  tensors.make({n, out, side, side}, kept),
                  {}};
      layer.name.resize(layer.name.rfind('.'));
      at = layer.output;
      trace.layers.push_back(std::move(layer));
    }
    const bool kept_output = block + 1 >= keep_from;  // it is the next block's input
    side /= 2;
    const Shape pooled{n, out, side, side};
    trace.layers.push_back({Layer::Kind::max_pool, fmt::format("pool{}", block + 1), block, false, -1, nullptr,
                            plans.pools[std::size_t(block)].get(), nullptr, at, tensors.make(pooled, kept_output),
                            tensors.winner(pooled, kept)});
    at = trace.layers.back().output;
  }
  Tensor flat = device_.make({n, architecture_.features()}, Layout::matrix);
  trace.layers.push_back(
      {Layer::Kind::flatten, "flatten", kBlocks, false, -1, nullptr, nullptr, nullptr, at, flat, {}});
  at = flat;
  for (std::size_t i = 0; i < plans.linears.size(); ++i, parameter += 2) {
    const int out = parameters_[std::size_t(parameter)].value.shape.n;
    Layer layer{Layer::Kind::linear,
                parameters_[std::size_t(parameter)].name,
                kBlocks,
                i + 1 < plans.linears.size(),
                parameter,
                nullptr,
                nullptr,
                plans.linears[i].get(),
                at,
                device_.make({n, out}, Layout::matrix),
                {}};
    layer.name.resize(layer.name.rfind('.'));
    at = layer.output;
    trace.layers.push_back(std::move(layer));
  }
  return trace;
}

namespace {
void run(Device& device, const std::vector<Parameter>& parameters, const Layer& layer) {
  const auto weight = [&] { return parameters[std::size_t(layer.parameter)].value; };
  const auto bias = [&] { return parameters[std::size_t(layer.parameter) + 1].value; };
  switch (layer.kind) {
    case Layer::Kind::convolution:
      layer.convolution->forward(layer.input, weight(), bias(), layer.relu, layer.output);
      break;
    case Layer::Kind::max_pool:
      layer.max_pool->forward(layer.input, layer.output, layer.winner);
      break;
    case Layer::Kind::flatten:
      device.copy(layer.input, layer.output);
      break;
    case Layer::Kind::linear:
      layer.linear->forward(layer.input, weight(), bias(), layer.relu, layer.output);
      break;
  }
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
    if (trained(p.block) && p.gradient.empty()) p.gradient = device_.make(p.value.shape, p.value.layout);
  Tensor gradient = logits_gradient;
  int buffer = 0;
  for (std::size_t i = trace.layers.size(); i-- > 0;) {
    const Layer& layer = trace.layers[i];
    if (layer.block < lowest || (lowest == kBlocks && layer.kind == Layer::Kind::flatten)) return;
    // The ReLU's own step; before a max-pool it has been done by the max-pool.
    const bool pooled = i + 1 < trace.layers.size() && trace.layers[i + 1].kind == Layer::Kind::max_pool;
    if (layer.relu && !pooled) device_.relu_backward(layer.output, gradient);
    if (layer.parameter >= 0 && trained(layer.block)) {
      const auto& weight = parameters_[std::size_t(layer.parameter)].gradient;
      const auto& bias = parameters_[std::size_t(layer.parameter) + 1].gradient;
      if (layer.convolution) layer.convolution->backward_weights(layer.input, gradient, weight, bias);
      if (layer.linear) layer.linear->backward_weights(layer.input, gradient, weight, bias);
    }
    const bool needed_below =
        i > 0 && (trace.layers[i - 1].block >= lowest && !(lowest == kBlocks && trace.layers[i - 1].parameter < 0));
    if (!needed_below) return;
    Tensor below = gradient_tensor(layer.input.shape, layer.input.layout, buffer);
    buffer = 1 - buffer;
    const auto weight = [&] { return parameters_[std::size_t(layer.parameter)].value; };
    switch (layer.kind) {
      case Layer::Kind::convolution:
        layer.convolution->backward_data(gradient, weight(), below);
        break;
      case Layer::Kind::max_pool:
        layer.max_pool->backward(gradient, layer.winner, layer.output, below);
        break;
      case Layer::Kind::flatten:
        device_.copy(gradient, below);
        break;
      case Layer::Kind::linear:
        layer.linear->backward_data(gradient, weight(), below);
        break;
    }
    gradient = below;
  }
}

}  // namespace palimpsest
