#pragma once
#include <span>

#include "cpu/context.h"
#include "ops/device.h"

namespace palimpsest::cpu {

// cpu/loss.cpp
LossResult focal_loss(const Context& context, const FocalLoss& loss, const Tensor& logits, std::span<const int> labels,
                      const Tensor* gradient);
// cpu/sgd.cpp
Device::NormResult gradient_norm(const Context& context, std::span<const SgdParameter> parameters);
int sgd_step(const Context& context, std::span<const SgdParameter> parameters, const SgdOptions& options);

}  // namespace palimpsest::cpu
