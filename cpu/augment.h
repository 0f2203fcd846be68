#pragma once
#include <cstdint>
#include <span>

#include "cpu/context.h"
#include "ops/augment.h"
#include "ops/normalisation.h"

namespace palimpsest::cpu {

void augment(const Context& context, std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps,
             const Normalisation& normalisation, const Tensor& images);

}  // namespace palimpsest::cpu
