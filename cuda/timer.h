#pragma once
#include <memory>

#include "cuda/context.h"
#include "ops/timer.h"

namespace palimpsest::PALIMPSEST_CUDA {

// By two events on the context's stream, which the GPU stamps with its clock (resolution about half a microsecond).
std::unique_ptr<Timer> make_timer(const Context& context);

}  // namespace palimpsest::PALIMPSEST_CUDA
