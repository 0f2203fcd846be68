#pragma once
#include "data/drawn/canvas.h"
#include "data/drawn/scene.h"

namespace palimpsest::data::drawn {

// Averages blocks of `factor` x `factor` pixels of the canvas, then blurs, exposes, tints and adds sensor noise as the
// scene says.
Image photograph(const Canvas& canvas, int factor, const Scene& scene);

}  // namespace palimpsest::data::drawn
