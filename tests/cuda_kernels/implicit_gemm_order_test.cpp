#include "tests/cuda_kernels/gemm_runs.h"

#if PALIMPSEST_EMULATED
#include "simt/work.h"
#endif

// The same bits in another run, and in the emulator for any order of threads and blocks.
namespace palimpsest::PALIMPSEST_CUDA {
namespace {

using namespace reference;

// All outputs of all operations, concatenated.
Floats everything(const LayerCase& layer, const Variant& variant) {
  const Scratch scratch(layer.shape, variant);
  const Floats w_host = weight_values(layer, Numbers::reals);
  const int inputs = layer.shape.inputs, outputs = layer.shape.outputs;
  const DeviceFactor x(input_values(layer, Numbers::reals), inputs),
      dy(gradient_values(layer, Numbers::reals), outputs), w(w_host, inputs),
      w_negative(weight_values(layer, Numbers::reals, 9), inputs), s(layer.y_count(), outputs);
  const DeviceArray<float> b(bias_values(layer, Numbers::reals)), y(layer.y_count()), dx(layer.x_count()),
      dw(layer.w_count()), r(layer.x_count()), db(bias_values(layer, Numbers::reals).size());
  const DeviceArray<double> sums(std::size_t{5}), outgoing(std::size_t{2});
  implicit_gemm_forward(layer.shape, scratch.run(), x.factor(), w.factor(), b.get(), true, y.get());
  implicit_gemm_backward_data(layer.shape, scratch.run(), dy.factor(), w.factor(), x.get(), dx.get());
  implicit_gemm_backward_weights(layer.shape, scratch.run(), x.factor(), dy.factor(), dw.get(), db.get());
  DenominatorPointers denominator;
  denominator.terms = 2;
  denominator.term[0] = {InputMap::positive, {}, w.factor(), b.get(), 1};
  denominator.term[1] = {InputMap::negative, {}, w_negative.factor(), nullptr, 1};
  denominator.x = x.factor();
  denominator.stabiliser.epsilon = 1e-3;
  denominator.targets = 1;
  denominator.relevance[0] = dy.get();
  denominator.quotients[0] = s.get();
  denominator.sums = sums.get();
  implicit_gemm_relevance_denominator(layer.shape, scratch.run(), denominator);
  RedistributionPointers redistribution;
  redistribution.terms = 2;
  redistribution.x = x.get();
  redistribution.quotient = s.factor();
  redistribution.relevance = r.get();
  redistribution.sums = outgoing.get();
  std::copy(std::begin(denominator.term), std::end(denominator.term), redistribution.term);
  implicit_gemm_relevance_redistribute(layer.shape, scratch.run(), redistribution);

  Floats all;
  for (const Floats& values : {y.download(), dx.download(), dw.download(), db.download(), s.download(), r.download()})
    all.insert(all.end(), values.begin(), values.end());
  for (const auto& doubles : {sums.download(), outgoing.download()})
    for (const double sum : doubles) {
      Floats halves(2);
      std::memcpy(halves.data(), &sum, sizeof sum);
      all.insert(all.end(), halves.begin(), halves.end());
    }
  return all;
}

TEST(ImplicitGemmOrder, SameBitsInEveryOrder) {
  const auto variants_of = [](const LayerCase& layer) {
    if (layer.inputs % 64 == 0) return warpgroup_variants();
    return supported({{Precision::fp32, GemmTile::automatic, 0},
                      {Precision::fp32, GemmTile::large, 2},
                      {Precision::tf32, GemmTile::tall, 1},
                      {Precision::bf16, GemmTile::small, 3}});
  };
  for (const LayerCase& layer : {convolution(2, 11, 9, 7, 20), linear(5, 67, 37), convolution(2, 64, 9, 15, 128)})
    for (const Variant& variant : variants_of(layer)) {
      const Floats first = everything(layer, variant);
      EXPECT_TRUE(same_bits(everything(layer, variant), first)) << layer.name << ", " << variant.name() << ", again";
#if PALIMPSEST_EMULATED
      using simt::Order;
      const Order before = simt::order();
      for (const Order order : {Order{Order::Kind::Plain, 0}, Order{Order::Kind::Reversed, 0},
                                Order{Order::Kind::Shuffled, 1}, Order{Order::Kind::Shuffled, 2}}) {
        simt::set_order(order);
        EXPECT_TRUE(same_bits(everything(layer, variant), first))
            << layer.name << ", " << variant.name() << ", order " << int(order.kind) << " " << order.seed;
      }
      simt::set_order(before);
#endif
    }
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
