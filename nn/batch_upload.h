#pragma once
#include <span>

#include "data/loader.h"
#include "ops/device.h"

namespace palimpsest::nn {

// Uploads a batch: pictures are augmented and normalised on the device, arrays are copied unchanged.
// input: (batch.count, 3, height, width) activation
void upload_images(Device& device, const data::Batch& batch, const Tensor& input);

// labels: (n, 1) matrix. Throws ContractError for a label that is not in 0..classes-1.
void upload_labels(Device& device, std::span<const int> values, int classes, const Tensor& labels);

}  // namespace palimpsest::nn
