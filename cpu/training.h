#pragma once
#include <span>

#include "cpu/context.h"
#include "ops/device.h"

namespace palimpsest::cpu {

// cpu/loss.cpp
LossResult focal_loss(const Context& context, const FocalLoss& loss, const Tensor& logits, const Tensor& labels,
                      const Tensor* gradient);
// cpu/augment.cpp
void augment(const Context& context, std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps,
             const Normalisation& normalisation, const Tensor& images);
// cpu/sgd.cpp
Device::NormResult gradient_norm(const Context& context, std::span<const SgdParameter> parameters);
int sgd_step(const Context& context, std::span<const SgdParameter> parameters, const SgdOptions& options);

}  // namespace palimpsest::cpu
