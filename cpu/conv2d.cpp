#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "cpu/conv2d_algorithm.h"
#include "cpu/layer.h"

namespace palimpsest::cpu {

namespace {

using dnnl::memory;

// Without a suitable kernel oneDNN silently falls back to plain loops, hundreds of times slower. That is an error here.
std::string refuse_reference(std::string name) {
  if (name.starts_with("ref"))
    throw ContractError(fmt::format("oneDNN chose its plain-loop implementation '{}' for a convolution", name));
  return name;
}

dnnl::primitive_attr attributes(bool relu) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (relu) {
    dnnl::post_ops ops;
    ops.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    attr.set_post_ops(ops);
  }
  return attr;
}

dnnl::algorithm named(Conv2dAlgorithm a) {
  return a == Conv2dAlgorithm::winograd ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_direct;
}

// One oneDNN primitive with the weights packed as it wants them.
struct Pass {
  dnnl::primitive primitive;
  memory::desc weights, scratchpad;
  // Weights in the primitive's own layout, if it differs from the master layout. Training has one set of them; a
  // relevance rule may alternate between two (w+ and w-), which must not evict each other.
  struct Packed {
    std::weak_ptr<Storage> from;
    std::uint64_t version;
    memory weights;
  };
  std::vector<Packed> packed;
};

class Plan final : public CpuLayerPlan {
 public:
  Plan(Context& context, const LayerShape& shape)
      : CpuLayerPlan(context, shape),
        x_(context.activation(shape.input())),
        y_(context.activation(shape.output())),
        w_(context.kernel(shape.weights())),
        b_(context.channels(shape.k)) {}

  std::string algorithm(LayerPass pass) const override {
    return algorithm_of(pass) == Conv2dAlgorithm::winograd ? "winograd" : "direct";
  }

 private:
  void product(std::optional<LayerPass> as, const float* x, const Tensor& w, const float* b, bool relu,
               float* y) override {
    check_weights(w, "w");
    Pass& pass = forward_pass(as ? algorithm_of(*as) : Conv2dAlgorithm::direct, relu);
    if (!b) {
      float* zero = context_.scratch(Context::packed, b_.get_size());
      std::fill_n(zero, context_.padded(shape_.k), 0.0F);
      b = zero;
    }
    execute(pass, {{DNNL_ARG_SRC, memory(x_, context_.engine, const_cast<float*>(x))},
                   {DNNL_ARG_WEIGHTS, weights_for(pass, w)},
                   {DNNL_ARG_BIAS, memory(b_, context_.engine, const_cast<float*>(b))},
                   {DNNL_ARG_DST, memory(y_, context_.engine, y)}});
  }

  void transposed_product(const float* dy, const Tensor& w, float* dx) override {
    check_weights(w, "w");
    Pass& pass = backward_data_pass();
    execute(pass, {{DNNL_ARG_DIFF_DST, memory(y_, context_.engine, const_cast<float*>(dy))},
                   {DNNL_ARG_WEIGHTS, weights_for(pass, w)},
                   {DNNL_ARG_DIFF_SRC, memory(x_, context_.engine, dx)}});
  }

  void weight_product(const float* x, const float* dy, float* dw, float* db) override {
    Pass& pass = backward_weights_pass();
    const bool same = pass.weights == w_;
    memory master(w_, context_.engine, dw);
    memory target =
        same ? master
             : memory(pass.weights, context_.engine, context_.scratch(Context::packed, pass.weights.get_size()));
    const float* const tall_x = made_tall(x, shape_.input(), Context::tall_x);
    const float* const tall_dy = made_tall(dy, shape_.output(), Context::tall_dy);
    const LayerShape tall = tall_shape();
    execute(
        pass,
        {{DNNL_ARG_SRC, memory(context_.activation(tall.input()), context_.engine, const_cast<float*>(tall_x))},
         {DNNL_ARG_DIFF_DST, memory(context_.activation(tall.output()), context_.engine, const_cast<float*>(tall_dy))},
         {DNNL_ARG_DIFF_WEIGHTS, target},
         {DNNL_ARG_DIFF_BIAS, memory(b_, context_.engine, db)}});
    if (!same) dnnl::reorder(target, master).execute(context_.stream, target, master);
    context_.stream.wait();
  }

  Conv2dAlgorithm algorithm_of(LayerPass pass) const {
    return conv2d_algorithm(context_.algorithms, context_.has_avx512, shape_, pass);
  }

  void execute(Pass& pass, std::unordered_map<int, memory> arguments) {
    arguments.insert({DNNL_ARG_SCRATCHPAD, memory(pass.scratchpad, context_.engine,
                                                  context_.scratch(Context::primitive, pass.scratchpad.get_size()))});
    pass.primitive.execute(context_.stream, arguments);
    context_.stream.wait();
  }

  memory weights_for(Pass& pass, const Tensor& w) {
    memory master(w_, context_.engine, data(context_, w));
    if (pass.weights == w_) return master;
    std::erase_if(pass.packed, [](const Pass::Packed& p) { return p.from.expired(); });
    auto at = std::find_if(pass.packed.begin(), pass.packed.end(),
                           [&](const Pass::Packed& p) { return p.from.lock() == w.storage; });
    if (at == pass.packed.end())
      at = pass.packed.insert(at, {w.storage, w.storage->version - 1, memory(pass.weights, context_.engine)});
    if (at->version != w.storage->version) {
      dnnl::reorder(master, at->weights).execute(context_.stream, master, at->weights);
      context_.stream.wait();
      at->version = w.storage->version;
    }
    return at->weights;
  }

  static constexpr auto kTraining = dnnl::prop_kind::forward_training;
  memory::desc any_weights() const {
    return {
        {context_.padded(shape_.k), context_.padded(shape_.c), 3, 3}, memory::data_type::f32, memory::format_tag::any};
  }
  dnnl::convolution_forward::primitive_desc forward_description(Conv2dAlgorithm algorithm, bool relu) const {
    const dnnl::convolution_forward::desc desc(kTraining, named(algorithm), x_, any_weights(), b_, y_, {1, 1}, {1, 1},
                                               {1, 1});
    return {desc, attributes(relu), context_.engine};
  }

  Pass& forward_pass(Conv2dAlgorithm algorithm, bool relu) {
    auto& pass = forward_[algorithm == Conv2dAlgorithm::winograd ? 1 : 0][relu ? 1 : 0];
    if (!pass) {
      const auto description = forward_description(algorithm, relu);
      refuse_reference(description.impl_info_str());
      pass.emplace(dnnl::convolution_forward(description), description.weights_desc(), description.scratchpad_desc());
    }
    return *pass;
  }

  Pass& backward_data_pass() {
    if (!backward_data_) {
      const auto algorithm = algorithm_of(LayerPass::backward_data);
      const dnnl::convolution_backward_data::desc desc(named(algorithm), x_, any_weights(), y_, {1, 1}, {1, 1}, {1, 1});
      const dnnl::convolution_backward_data::primitive_desc description(desc, attributes(false), context_.engine,
                                                                        forward_description(algorithm, false));
      refuse_reference(description.impl_info_str());
      backward_data_.emplace(dnnl::convolution_backward_data(description), description.weights_desc(),
                             description.scratchpad_desc());
    }
    return *backward_data_;
  }

  // oneDNN's AVX2 kernel for backward weights needs three rows. Rows of zeros below do not change the sums.
  LayerShape tall_shape() const {
    LayerShape tall = shape_;
    if (!context_.has_avx512) tall.h = std::max(shape_.h, 3);
    return tall;
  }
  const float* made_tall(const float* values, const Shape& s, Context::Slot slot) {
    const int height = tall_shape().h;
    if (height == s.h) return values;
    const std::size_t planes = std::size_t(s.n) * std::size_t(context_.padded(s.c) / context_.block);
    const std::size_t row = std::size_t(s.w) * std::size_t(context_.block);
    const std::size_t from = std::size_t(s.h) * row, to = std::size_t(height) * row;
    float* const tall = context_.scratch(slot, planes * to * sizeof(float));
    for (std::size_t plane = 0; plane < planes; ++plane) {
      std::copy_n(values + plane * from, from, tall + plane * to);
      std::fill_n(tall + plane * to + from, to - from, 0.0F);
    }
    return tall;
  }

  Pass& backward_weights_pass() {
    if (!backward_weights_) {
      const LayerShape tall = tall_shape();
      const auto x = context_.activation(tall.input()), y = context_.activation(tall.output());
      const auto algorithm = algorithm_of(LayerPass::backward_weights);
      const dnnl::convolution_forward::desc forward(kTraining, named(algorithm), x, any_weights(), b_, y, {1, 1},
                                                    {1, 1}, {1, 1});
      const dnnl::convolution_backward_weights::desc desc(named(algorithm), x, any_weights(), b_, y, {1, 1}, {1, 1},
                                                          {1, 1});
      const dnnl::convolution_backward_weights::primitive_desc description(
          desc, attributes(false), context_.engine, {forward, attributes(false), context_.engine});
      refuse_reference(description.impl_info_str());
      backward_weights_.emplace(dnnl::convolution_backward_weights(description), description.diff_weights_desc(),
                                description.scratchpad_desc());
    }
    return *backward_weights_;
  }

  memory::desc x_, y_, w_, b_;
  std::optional<Pass> forward_[2][2];  // [winograd][relu]
  std::optional<Pass> backward_data_, backward_weights_;
};

}  // namespace

std::unique_ptr<LayerPlan> make_conv2d_plan(Context& context, const LayerShape& shape) {
  return std::make_unique<Plan>(context, shape);
}

}  // namespace palimpsest::cpu
