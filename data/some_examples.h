#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "data/examples.h"

namespace palimpsest::data {

// Some examples of another set, by their indices in it, in this order.
class SomeExamples final : public Examples {
 public:
  SomeExamples(std::shared_ptr<const Examples> all, std::vector<int> chosen)
      : all_(std::move(all)), chosen_(std::move(chosen)) {}
  int count() const override { return int(chosen_.size()); }
  int height() const override { return all_->height(); }
  int width() const override { return all_->width(); }
  int label(int index) const override { return all_->label(at(index)); }
  std::string id(int index) const override { return all_->id(at(index)); }
  const std::uint8_t* pixels(int index) const override { return all_->pixels(at(index)); }
  void fill(int index, const Transform& transform, const Normalisation& normalisation, float* out) const override {
    all_->fill(at(index), transform, normalisation, out);
  }

 private:
  int at(int index) const { return chosen_[std::size_t(index)]; }
  std::shared_ptr<const Examples> all_;
  std::vector<int> chosen_;
};

}  // namespace palimpsest::data
