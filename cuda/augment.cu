// From n x h x w x 3 bytes (R, G, B) to NHWC floats of 8 lanes, of which 5 are zero; one thread per pixel.
//   (row, column) = linear * (y, x) + offset, clamped; bilinear between the four pixels around it
//   out[c] = (value[source[c]] - mean[c]) * scale[c]
// The same steps as ops/augment_pixels.h, positions in double. The file is compiled without fused multiply-add to match
// the CPU bit for bit.
#include "cuda/augment.h"

#include <cstring>

#include "base/error.h"
#include "cuda/divisor.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

// A position on one axis: the pixel below, the step to the pixel above (0 at the edge), the fraction.
struct Place {
  int below, step;
  float fraction;
};

struct MapValues {  // PixelMap for the device
  double linear[4], offset[2];
  int affine, flip;
};

struct Colours {
  int source[3];
  float mean[3], scale[3];
};

__device__ Place place(double position, int length) {
  const double last = double(length - 1);
  const double clamped = position < 0 ? 0.0 : position > last ? last : position;
  const int below = int(clamped);
  return {below, below + 1 < length ? 1 : 0, float(clamped - below)};
}

__device__ void write_pixel(const float* value, float* out) {
  reinterpret_cast<float4*>(out)[0] = make_float4(value[0], value[1], value[2], 0);
  reinterpret_cast<float4*>(out)[1] = make_float4(0, 0, 0, 0);
}

__global__ void augment_pixels(int pixels, Divisor by_height, Divisor by_width, const std::uint8_t* __restrict__ bytes,
                               const MapValues* __restrict__ maps, Colours colours, float* __restrict__ out) {
  const int height = by_height.divisor, width = by_width.divisor;
  for (int i = int(first_index()); i < pixels; i += int(grid_stride())) {
    const int line = by_width.quotient(i), image = by_height.quotient(line);
    const int x_out = i - line * width, y = line - image * height;
    const MapValues& map = maps[image];
    const int x = map.flip ? width - 1 - x_out : x_out;
    const std::uint8_t* const picture = bytes + std::size_t(line - y) * std::size_t(width) * 3;
    float value[3];
    if (map.affine) {
      const Place r = place((map.linear[0] * y + map.offset[0]) + map.linear[1] * x, height);
      const Place c = place((map.linear[2] * y + map.offset[1]) + map.linear[3] * x, width);
      const std::size_t top = (std::size_t(r.below) * std::size_t(width) + std::size_t(c.below)) * 3;
      const std::size_t right = std::size_t(c.step) * 3, down = std::size_t(r.step) * std::size_t(width) * 3;
      for (int k = 0; k < 3; ++k) {
        const std::uint8_t* const p = picture + top + colours.source[k];
        const float upper = float(p[0]) + c.fraction * (float(p[right]) - float(p[0]));
        const float lower = float(p[down]) + c.fraction * (float(p[down + right]) - float(p[down]));
        value[k] = (upper + r.fraction * (lower - upper) - colours.mean[k]) * colours.scale[k];
      }
    } else {
      const std::uint8_t* const p = picture + (std::size_t(y) * std::size_t(width) + std::size_t(x)) * 3;
      for (int k = 0; k < 3; ++k) value[k] = (float(p[colours.source[k]]) - colours.mean[k]) * colours.scale[k];
    }
    write_pixel(value, out + std::size_t(i) * kBlock);
  }
}

MapValues values_of(const PixelMap& map) {
  return {{map.linear[0], map.linear[1], map.linear[2], map.linear[3]},
          {map.offset[0], map.offset[1]},
          map.affine ? 1 : 0,
          map.flip ? 1 : 0};
}

Colours colours_of(const Normalisation& n) {
  Colours colours{};
  for (std::size_t c = 0; c < 3; ++c) {
    PALIMPSEST_REQUIRE(n.source[c] >= 0 && n.source[c] < 3, "source {}", n.source[c]);
    colours.source[c] = n.source[c];
    colours.mean[c] = n.mean[c];
    colours.scale[c] = n.scale[c];
  }
  return colours;
}

}  // namespace

void augment(Context& context, std::span<const std::uint8_t> pixels, std::span<const PixelMap> maps,
             const Normalisation& normalisation, const Tensor& images) {
  const Shape s = images.shape;
  check(images, {s.n, 3, s.h, s.w}, Layout::activation, "images");
  const std::size_t area = std::size_t(s.h) * std::size_t(s.w);
  PALIMPSEST_REQUIRE(maps.size() == std::size_t(s.n) && pixels.size() == 3 * area * maps.size(),
                     "{} bytes and {} maps for {} pictures of {} x {}", pixels.size(), maps.size(), s.n, s.h, s.w);
  if (area == 0) return;
  const Colours colours = colours_of(normalisation);
  float* const to = written(context, images);
  // A piece is a number of whole pictures: their maps first, then their bytes.
  const std::size_t one = sizeof(MapValues) + 3 * area, most = std::max<std::size_t>(1, Uploader::kPiece / one);
  for (std::size_t begin = 0; begin < maps.size(); begin += most) {
    const std::size_t some = std::min(most, maps.size() - begin), head = some * sizeof(MapValues);
    context.uploader.send(
        some * one,
        [&](void* host) {
          auto* const values = static_cast<MapValues*>(host);
          for (std::size_t i = 0; i < some; ++i) values[i] = values_of(maps[begin + i]);
          std::memcpy(static_cast<std::byte*>(host) + head, pixels.data() + begin * 3 * area, some * 3 * area);
        },
        [&](const void* device) {
          const auto* const bytes = static_cast<const std::uint8_t*>(device) + head;
          CUDA_LAUNCH(augment_pixels, blocks_for(some * area), kThreads, 0, context.stream.get(),
                      count_to_divide(some * area), Divisor(s.h), Divisor(s.w), bytes,
                      static_cast<const MapValues*>(device), colours, to + begin * area * kBlock);
          CUDA_LAUNCH_CHECK();
        });
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA
