#include "data/drawn/camera.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace palimpsest::data::drawn {

namespace {

// Rows of float RGB.
using Plane = std::vector<float>;

Plane average(const Canvas& canvas, int factor, int width, int height) {
  Plane plane(std::size_t(width) * std::size_t(height) * 3);
  const float share = 1.f / float(factor * factor);
  for (int y = 0; y < height * factor; ++y) {
    const auto* row = reinterpret_cast<const std::uint32_t*>(canvas.row(y));
    float* out = plane.data() + std::size_t(y / factor) * std::size_t(width) * 3;
    for (int x = 0; x < width; ++x)
      for (int k = 0; k < factor; ++k) {
        const std::uint32_t pixel = row[x * factor + k];
        out[3 * x] += share * float((pixel >> 16) & 255);
        out[3 * x + 1] += share * float((pixel >> 8) & 255);
        out[3 * x + 2] += share * float(pixel & 255);
      }
  }
  return plane;
}

// Three-tap binomial-like blur in both directions with the given standard deviation (at most .7 pixels).
void blur(Plane& plane, int width, int height, double deviation) {
  const float side = float(std::min(.25, deviation * deviation / 2)), middle = 1 - 2 * side;
  const auto pass = [&](int lines, int count, std::size_t across, std::size_t along) {
    std::vector<float> copy(static_cast<std::size_t>(count));
    for (int line = 0; line < lines; ++line)
      for (std::size_t c = 0; c < 3; ++c) {
        float* first = plane.data() + std::size_t(line) * across + c;
        for (int i = 0; i < count; ++i) copy[std::size_t(i)] = first[std::size_t(i) * along];
        for (int i = 0; i < count; ++i)
          first[std::size_t(i) * along] = middle * copy[std::size_t(i)] + side * copy[std::size_t(std::max(0, i - 1))] +
                                          side * copy[std::size_t(std::min(count - 1, i + 1))];
      }
  };
  pass(height, width, std::size_t(width) * 3, 3);
  pass(width, height, 3, std::size_t(width) * 3);
}

// Nearly normal with standard deviation 1: the sum of four bytes (Irwin-Hall), centred and scaled.
float rough_normal(std::uint32_t bits) {
  const std::uint32_t sum = (bits & 255) + ((bits >> 8) & 255) + ((bits >> 16) & 255) + (bits >> 24);
  return (float(sum) - 510.f) * (1.f / 147.8f);
}

}  // namespace

Image photograph(const Canvas& canvas, int factor, const Scene& scene) {
  canvas.flush();
  Image image(canvas.width() / factor, canvas.height() / factor);
  Plane plane = average(canvas, factor, image.width, image.height);
  if (scene.blur > 0) blur(plane, image.width, image.height, scene.blur);
  Random random(scene.pattern, Purpose::draw_noise, 1);
  const float gain = float(scene.exposure * scene.contrast), lift = float(128 * scene.exposure * (1 - scene.contrast));
  const std::array<float, 3> tint{float(1 + scene.warmth), 1.f, float(1 - scene.warmth)};
  const float noise = float(scene.noise);
  for (std::size_t i = 0; i < plane.size(); i += 3) {
    std::array<float, 3> pixel;
    const float luminance = scene.noise > 0 ? noise * rough_normal(random.bits()) : 0.f;
    for (std::size_t c = 0; c < 3; ++c)
      pixel[c] = (plane[i + c] * gain + lift) * tint[c] + luminance +
                 (scene.noise > 0 && !scene.grey ? .5f * noise * rough_normal(random.bits()) : 0.f);
    if (scene.grey) pixel.fill(.299f * pixel[0] + .587f * pixel[1] + .114f * pixel[2]);
    for (std::size_t c = 0; c < 3; ++c) image.pixels[i + c] = std::uint8_t(std::clamp(pixel[c] + .5f, 0.f, 255.f));
  }
  return image;
}

}  // namespace palimpsest::data::drawn
