#pragma once
#include <span>

#include "cpu/context.h"
#include "ops/device.h"

namespace palimpsest::cpu {

Device::NormResult gradient_norm(const Context& context, std::span<const SgdParameter> parameters);
int sgd_step(const Context& context, std::span<const SgdParameter> parameters, const SgdOptions& options);

}  // namespace palimpsest::cpu
