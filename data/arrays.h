#pragma once
#include <cstdint>
#include <memory>

#include "data/examples.h"
#include "data/source.h"

namespace palimpsest::data {

// arrays:X.npy[,Y.npy]: X float16, float32 or float64 (N, 3, H, W): a Loader augments it on request, but does not
// normalise it. Y whole numbers (N,), of any number type. Ids are 0, 1, ... arrays:D.npz is its only member, without
// labels, or its members x and y.
class Arrays final : public Examples {
 public:
  Arrays(std::vector<float> values, std::vector<std::int64_t> labels, int count, int height, int width);

  int count() const override { return count_; }
  int height() const override { return height_; }
  int width() const override { return width_; }
  int label(int index) const override { return labels_.empty() ? -1 : int(labels_[std::size_t(index)]); }
  std::string id(int index) const override { return std::to_string(index); }
  void fill(int index, const Transform& transform, const Normalisation& normalisation, float* out) const override;

  bool labelled() const;      // every picture has a label
  int largest_label() const;  // -1 without labels

 private:
  std::vector<float> values_;
  std::vector<std::int64_t> labels_;
  int count_, height_, width_;
};

// Throws Error naming the file for another shape or type, NaN or infinity, another number of labels, a label below -1
// ("no label"). A remark says what was converted.
std::shared_ptr<const Arrays> read_arrays(const Source& source);

// Throws Error naming the file for a label that is not in [0, classes).
void require_labels(const Arrays& arrays, const Source& source, int classes);

}  // namespace palimpsest::data
