#include "nn/rehearsal.h"

#include "base/error.h"

namespace palimpsest::nn {

namespace {

data::LoaderOptions in_full_batches(data::LoaderOptions loading, const Rehearsed& rehearsed) {
  if (rehearsed.images > rehearsed.examples->count())
    throw Error(fmt::format("--rehearse-images {} is more than the {} images of --rehearse", rehearsed.images,
                            rehearsed.examples->count()),
                "give a smaller number");
  loading.batch = rehearsed.images;
  loading.shuffle = loading.drop_last = loading.images = true;
  return loading;
}

}  // namespace

Rehearsal::Rehearsal(Network& network, const Rehearsed& rehearsed, data::LoaderOptions loading)
    : network_(network),
      source_(*rehearsed.network),
      weight_(rehearsed.weight),
      loader_(rehearsed.examples, in_full_batches(loading, rehearsed)),
      step_(source_) {
  PALIMPSEST_REQUIRE(source_.frozen() == network_.frozen() && network_.lowest_trained_block() < kBlocks,
                     "a network that rehearses trains the blocks that it shares");
}

void Rehearsal::start_epoch(int epoch, int steps) {
  const int orders = (steps + loader_.batches_per_epoch() - 1) / loader_.batches_per_epoch();
  next_order_ = epoch * orders;
  loader_.start_epoch(next_order_++);
}

Pending<LossResult> Rehearsal::add_gradients(FocalLoss loss) {
  if (!loader_.next(batch_)) {
    loader_.start_epoch(next_order_++);
    loader_.next(batch_);
  }
  loss.class_weights.assign(std::size_t(source_.architecture().classes), float(weight_));
  const Pending<LossResult> weighted = step_.train(batch_, nullptr, loss);
  for (std::size_t i = 0; i < network_.parameters().size(); ++i) {
    const Parameter& ours = network_.parameters()[i];
    if (ours.block < kBlocks && network_.trained(ours.block))
      network_.device().add(source_.parameters()[i].gradient, ours.gradient);
  }
  return Pending<LossResult>(std::function<LossResult()>([weighted, weight = double(float(weight_))] {
    LossResult result = weighted.get();
    result.loss /= weight;
    return result;
  }));
}

}  // namespace palimpsest::nn
