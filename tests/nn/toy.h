#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/random.h"
#include "data/arrays.h"
#include "nn/network.h"

namespace palimpsest::nn {

// A whole VGG16, but a few channels wide and on 32 x 32 pictures, and pictures that it can learn.

inline Architecture toy_architecture(int classes = 4, std::vector<int> hidden = {7, 6}) {
  Architecture a;
  a.size = 32;
  a.channels = {4, 5, 6, 6, 8};
  a.hidden = std::move(hidden);
  a.classes = classes;
  return a;
}

// Class y has a bright square in quarter y of the picture, in noise.
inline std::shared_ptr<data::Arrays> toy_pictures(int count, int classes = 4, std::uint64_t seed = 1, int side = 32) {
  std::vector<float> values(std::size_t(count) * 3 * std::size_t(side * side));
  std::vector<std::int64_t> labels;
  std::size_t at = 0;
  for (int i = 0; i < count; ++i) {
    const int label = i % classes;
    labels.push_back(label);
    Random random(seed, Purpose::test, 0, std::uint64_t(i));
    for (int channel = 0; channel < 3; ++channel)
      for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
          const bool lit = (y < side / 2) == (label % 2 == 0) && (x < side / 2) == (label / 2 == 0);
          values[at++] = float(0.3 * random.normal() + (lit ? 1.5 : -0.5));
        }
  }
  return std::make_shared<data::Arrays>(std::move(values), std::move(labels), count, side, side);
}

// Examples that call a function whenever one is read: to count, to corrupt, to interrupt.
class Watched final : public data::Examples {
 public:
  Watched(std::shared_ptr<const data::Examples> inner, std::function<void(int index, float* values)> on_fill)
      : inner_(std::move(inner)), on_fill_(std::move(on_fill)) {}
  int count() const override { return inner_->count(); }
  int height() const override { return inner_->height(); }
  int width() const override { return inner_->width(); }
  int label(int index) const override { return inner_->label(index); }
  std::string id(int index) const override { return inner_->id(index); }
  void fill(int index, const data::Transform& transform, const Normalisation& normalisation,
            float* out) const override {
    inner_->fill(index, transform, normalisation, out);
    on_fill_(index, out);
  }

 private:
  std::shared_ptr<const data::Examples> inner_;
  std::function<void(int, float*)> on_fill_;
};

}  // namespace palimpsest::nn
