#pragma once
#include "cpu/context.h"
#include "ops/loss.h"

namespace palimpsest::cpu {

LossResult focal_loss(const Context& context, const FocalLoss& loss, const Tensor& logits, const Tensor& labels,
                      const Tensor* gradient);

}  // namespace palimpsest::cpu
