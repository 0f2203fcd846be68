#pragma once
#include <cstdint>
#include <span>

#include "cuda/context.h"
#include "ops/augment.h"
#include "ops/normalisation.h"

namespace palimpsest::PALIMPSEST_CUDA {

// ops/augment.h: bytes of the host to normalised images, one upload and one kernel per piece of a batch.
void augment(Context& context, std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps,
             const Normalisation& normalisation, const Tensor& images);

}  // namespace palimpsest::PALIMPSEST_CUDA
