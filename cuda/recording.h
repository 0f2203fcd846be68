#pragma once
#include <functional>
#include <memory>

#include "cuda/context.h"
#include "ops/recording.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The work that `step` enqueues on the context's stream, captured into a CUDA graph without running.
std::unique_ptr<Recording> record(Context& context, const std::function<void()>& step);

}  // namespace palimpsest::PALIMPSEST_CUDA
