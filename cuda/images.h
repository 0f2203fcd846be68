#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Device::take_images and Device::put_images (ops/device.h).
void take_images(const Context& context, const Tensor& from, const Tensor& images, const Tensor& to);
void put_images(const Context& context, const Tensor& from, const Tensor& to, int first);

}  // namespace palimpsest::PALIMPSEST_CUDA
