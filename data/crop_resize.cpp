#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/image.h"

namespace palimpsest::data {

namespace {

// The weights of the pixels first .. first + weights.size() - 1 of a line for one output pixel.
struct Tap {
  int first = 0;
  std::vector<float> weights;
};

// Triangle filter of half-width max(1, scale), scale = (high - low) / count input pixels per output pixel: output pixel
// i is centred at low + (i + 1/2) scale and pixel x at x + 1/2; weights sum to 1. The line has pixels 0 .. length - 1
// and, if [low, high) reaches beyond it, copies of its ends up to there; the filter never reads further.
std::vector<Tap> taps(double low, double high, int count, int length) {
  const double scale = (high - low) / count, half_width = std::max(1.0, scale);
  const int begin = std::min(0, int(std::floor(low))), end = std::max(length, int(std::ceil(high)));
  std::vector<Tap> result(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const double centre = low + (i + 0.5) * scale;
    const int from = std::max(begin, int(std::floor(centre - half_width + 0.5)));
    const int to = std::min(end, int(std::floor(centre + half_width + 0.5)));
    Tap& tap = result[std::size_t(i)];
    tap.first = std::clamp(from, 0, length - 1);
    tap.weights.assign(std::size_t(std::clamp(std::max(to, from + 1) - 1, 0, length - 1) - tap.first) + 1, 0.0F);
    double sum = 0;
    for (int x = from; x < to; ++x) sum += std::max(0.0, 1 - std::abs(x + 0.5 - centre) / half_width);
    for (int x = from; x < to; ++x) {
      const double weight = std::max(0.0, 1 - std::abs(x + 0.5 - centre) / half_width) / sum;
      tap.weights[std::size_t(std::clamp(x, 0, length - 1) - tap.first)] += float(weight);
    }
  }
  return result;
}

// One row of the picture, filtered to out.size() / 3 pixels.
void filter_row(const std::uint8_t* row, const std::vector<Tap>& columns, float* out) {
  for (const Tap& tap : columns) {
    float r = 0, g = 0, b = 0;
    const std::uint8_t* pixel = row + 3 * tap.first;
    for (const float weight : tap.weights) {
      r += weight * pixel[0];
      g += weight * pixel[1];
      b += weight * pixel[2];
      pixel += 3;
    }
    *out++ = r;
    *out++ = g;
    *out++ = b;
  }
}

}  // namespace

Image crop_and_resize(const Image& image, const Box& box, int width, int height) {
  PALIMPSEST_REQUIRE(width > 0 && height > 0 && image.width > 0 && image.height > 0, "{} x {}", width, height);
  PALIMPSEST_REQUIRE(box.right > box.left && box.bottom > box.top, "the box has no area");
  // A box far outside would need a huge margin of copies; one picture's width of them is equivalent.
  const auto near_columns = [&](double x) { return std::clamp(x, -2.0 * image.width, 3.0 * image.width); };
  const auto near_rows = [&](double y) { return std::clamp(y, -2.0 * image.height, 3.0 * image.height); };
  const double left = near_columns(box.left), right = std::max(near_columns(box.right), left + 1e-3);
  const double top = near_rows(box.top), bottom = std::max(near_rows(box.bottom), top + 1e-3);
  const auto columns = taps(left, right, width, image.width);
  const auto rows = taps(top, bottom, height, image.height);

  int first = image.height, last = -1;  // the required rows
  for (const Tap& tap : rows) {
    first = std::min(first, tap.first);
    last = std::max(last, tap.first + int(tap.weights.size()) - 1);
  }
  const std::size_t stride = 3 * std::size_t(width);
  std::vector<float> filtered(std::size_t(last - first + 1) * stride);
  for (int y = first; y <= last; ++y)
    filter_row(image.at(0, y), columns, filtered.data() + std::size_t(y - first) * stride);

  Image result(width, height);
  std::vector<float> line(stride);
  for (int y = 0; y < height; ++y) {
    const Tap& tap = rows[std::size_t(y)];
    std::fill(line.begin(), line.end(), 0.5F);  // half, so that the truncation below rounds
    for (std::size_t k = 0; k < tap.weights.size(); ++k) {
      const float weight = tap.weights[k];
      const float* const source = filtered.data() + (std::size_t(tap.first - first) + k) * stride;
      for (std::size_t i = 0; i < stride; ++i) line[i] += weight * source[i];
    }
    std::uint8_t* const out = result.at(0, y);
    for (std::size_t i = 0; i < stride; ++i) out[i] = std::uint8_t(std::clamp(line[i], 0.0F, 255.0F));
  }
  return result;
}

}  // namespace palimpsest::data
