// Trains a small VGG16 on made-up pictures, its first two blocks frozen.
#include <fmt/format.h>

#include "base/random.h"
#include "cpu/device.h"
#include "data/arrays.h"
#include "nn/training_step.h"
#include "nn/weights.h"

using namespace palimpsest;

constexpr int kSide = 32, kClasses = 4, kPictures = 32;

// Class y is a bright quarter y in noise.
static std::shared_ptr<const data::Examples> pictures() {
  std::vector<float> values;
  std::vector<std::int64_t> labels;
  Random random(1, Purpose::test);
  for (int i = 0; i < kPictures; ++i) {
    labels.push_back(i % kClasses);
    for (int at = 0; at < 3 * kSide * kSide; ++at) {
      const int lower = at / kSide % kSide * 2 / kSide, right = at % kSide * 2 / kSide;
      values.push_back(float(0.3 * random.normal()) + (2 * lower + right == labels.back() ? 1.5F : -0.5F));
    }
  }
  return std::make_shared<data::Arrays>(values, labels, kPictures, kSide, kSide);
}

int main() {
  const auto device = make_cpu_device(1);
  nn::Network network(*device, {.size = kSide, .channels = {8, 12, 16, 24, 32}, .hidden = {}, .classes = kClasses});
  nn::initialise(network, 1);
  network.set_frozen({true, true, false, false, false});  // a flag for each block; the head is always trained
  std::vector<std::vector<float>> before;
  for (const nn::Parameter& p : network.parameters()) before.push_back(device->download(p.value));

  data::Loader loader(pictures(), {.batch = 8, .seed = 1, .normalisation = Normalisation::none()});
  nn::TrainingStep step(network);  // forward pass, loss, backward pass
  data::Batch batch;
  std::vector<double> losses(12);
  for (int epoch = 0; epoch < 12; ++epoch) {
    for (loader.start_epoch(epoch); loader.next(batch);) {
      losses[epoch] += step.train(batch, nullptr, FocalLoss{}).get().loss * batch.count / kPictures;
      std::vector<SgdParameter> updates;
      for (const nn::Parameter& p : network.parameters())
        if (network.trained(p.block)) updates.push_back({p.value, p.gradient, {}});
      device->sgd_step(updates, {.rate = 0.03});
    }
    fmt::print("epoch {:>2}  loss {:.3f}\n", epoch + 1, losses[epoch]);
  }

  bool right = losses.back() < losses.front() / 10;
  for (std::size_t i = 0; i < before.size(); ++i) {  // the same bits in frozen blocks, and only there
    const nn::Parameter& p = network.parameters()[i];
    right &= (device->download(p.value) == before[i]) != network.trained(p.block);
  }
  fmt::print("{}\n", right ? "the loss fell, and frozen blocks kept their bits" : "WRONG");
  return right ? 0 : 1;
}
