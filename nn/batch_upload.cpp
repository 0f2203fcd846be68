#include "nn/batch_upload.h"

#include "base/error.h"

namespace palimpsest::nn {

void upload_images(Device& device, const data::Batch& batch, const Tensor& input) {
  if (batch.pixels.empty())
    device.upload(input, batch.images);
  else
    device.augment(batch.pixels, batch.maps, batch.normalisation, input);
}

void upload_labels(Device& device, std::span<const int> values, int classes, const Tensor& labels) {
  std::vector<float> floats;
  for (const int label : values) {
    PALIMPSEST_REQUIRE(label >= 0 && label < classes, "label {} of {} classes", label, classes);
    floats.push_back(float(label));
  }
  device.upload(labels, floats);
}

}  // namespace palimpsest::nn
