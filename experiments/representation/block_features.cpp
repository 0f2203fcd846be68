#include "experiments/representation/block_features.h"

#include "nn/batch_upload.h"
#include "nn/inference.h"

namespace palimpsest::experiments {

namespace {

void append(BlockFeatures& to, const std::vector<float>& output, const Shape& shape, bool averaged) {
  to.averaged = averaged;
  to.columns = averaged ? shape.c : shape.c * shape.h * shape.w;
  if (!averaged) {
    to.values.insert(to.values.end(), output.begin(), output.end());
    return;
  }
  const auto area = std::size_t(shape.h) * std::size_t(shape.w);
  for (std::size_t at = 0; at < output.size(); at += area) {
    double sum = 0;
    for (std::size_t i = at; i < at + area; ++i) sum += double(output[i]);
    to.values.push_back(float(sum / double(area)));
  }
}

}  // namespace

std::array<BlockFeatures, nn::kBlocks> block_features(nn::Network& network,
                                                      const std::shared_ptr<const data::Examples>& examples,
                                                      const Normalisation& normalisation, int batch,
                                                      const std::string& task) {
  nn::require_no_overflow(network, *examples, normalisation);
  std::array<BlockFeatures, nn::kBlocks> blocks;
  nn::Trace trace;
  nn::for_each_batch(examples, batch, normalisation, task, [&](const data::Batch& loaded, int) {
    if (trace.n != loaded.count) trace = network.make_trace(loaded.count, 0);
    nn::upload_images(network.device(), loaded, trace.input());
    network.forward_blocks(trace);
    for (const nn::TracedLayer& layer : trace.layers) {
      if (layer.kind != nn::Layer::Kind::max_pool) continue;
      const bool last = layer.block == nn::kBlocks - 1;
      append(blocks[std::size_t(layer.block)], network.device().download(layer.output), layer.out,
             !last || layer.out.count() > most_unaveraged);
    }
  });
  return blocks;
}

}  // namespace palimpsest::experiments
