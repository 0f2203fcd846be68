#include "cpu/augment.h"

#include "ops/augment_pixels.h"

namespace palimpsest::cpu {

// One row of one picture at a time, straight into the blocked layout: three channels share one block.
void augment(const Context& context, std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps,
             const Normalisation& normalisation, const Tensor& images) {
  const Shape s = images.shape;
  check(context, images, {s.n, 3, s.h, s.w}, Layout::activation, "images");
  const std::size_t area = std::size_t(s.h) * std::size_t(s.w), block = std::size_t(context.block);
  PALIMPSEST_REQUIRE(maps.size() == std::size_t(s.n) && pixels.size() == 3 * area * maps.size(),
                     "{} bytes and {} maps for {} pictures of {} x {}", pixels.size(), maps.size(), s.n, s.h, s.w);
  float* const out = data(context, images);
#pragma omp parallel for schedule(static)
  for (int row = 0; row < s.n * s.h; ++row) {
    const auto image = std::size_t(row / s.h);
    const Picture<std::uint8_t> picture{pixels.data() + 3 * area * image, PixelLayout::interleaved(s.w), s.h, s.w};
    float* const line = out + std::size_t(row) * std::size_t(s.w) * block;
    transform_row(picture, row % s.h, maps[image], normalisation,
                  [=](std::size_t channel, int x, float value) { line[std::size_t(x) * block + channel] = value; });
    for (std::size_t x = 0; x < std::size_t(s.w); ++x)
      for (std::size_t lane = 3; lane < block; ++lane) line[x * block + lane] = 0;
  }
  touch(images);
}

}  // namespace palimpsest::cpu
