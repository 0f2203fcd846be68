#include "data/drawn/relief.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace palimpsest::data::drawn {

Relief::Relief(int width, int height, const Pose& pose)
    : width_(width),
      height_(height),
      pose_(pose),
      height_field_(std::size_t(width) * std::size_t(height)),
      dark_(height_field_.size()) {}

Relief::Area Relief::clip(double left, double top, double right, double bottom) const {
  const auto inside = [](double v, int limit) { return std::clamp(int(std::floor(v)), 0, limit); };
  return {inside(left, width_), inside(top, height_), inside(right + 1, width_), inside(bottom + 1, height_)};
}

// f(index, weight) for the pixels of an ellipse given in face space, weight = bump() of the distance.
template <typename F>
void Relief::over_ellipse(Point centre, Point radius, F&& f) {
  const Point c = pose_(centre);
  const double rx = radius.x * pose_.scale(), ry = radius.y * pose_.scale(), reach = std::max(rx, ry);
  const float cos_roll = float(std::cos(pose_.roll())), sin_roll = float(std::sin(pose_.roll()));
  const float kx = float(1 / rx), ky = float(1 / ry);
  const Area area = clip(c.x - reach, c.y - reach, c.x + reach, c.y + reach);
  for (int y = area.top; y < area.bottom; ++y)
    for (int x = area.left; x < area.right; ++x) {
      const float dx = float(x) + .5f - float(c.x), dy = float(y) + .5f - float(c.y);
      const float u = (dx * cos_roll + dy * sin_roll) * kx, v = (dy * cos_roll - dx * sin_roll) * ky;
      const float rest = 1 - u * u - v * v;
      if (rest > 0) f(std::size_t(y) * std::size_t(width_) + std::size_t(x), rest * rest);
    }
}

void Relief::add(const Bulge& bulge, double strength) {
  const float height = float(bulge.height * strength);
  over_ellipse(bulge.centre, bulge.radius, [&](std::size_t i, float weight) { height_field_[i] += height * weight; });
}

void Relief::darken(Point centre, Point radius, double amount) {
  over_ellipse(centre, radius,
               [&](std::size_t i, float weight) { dark_[i] = 1 - (1 - dark_[i]) * (1 - float(amount) * weight); });
}

void Relief::add(const Furrow& furrow, double strength) {
  const Curve line = pose_(smooth(furrow.curve, furrow.curve.size() > 2 ? 4 : 1));
  const double w = furrow.half_width * pose_.scale();
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (Point p : line) {
    left = std::min(left, p.x - w), right = std::max(right, p.x + w);
    top = std::min(top, p.y - w), bottom = std::max(bottom, p.y + w);
  }
  const Area area = clip(left, top, right, bottom);
  const std::size_t pieces = line.size() - 1;
  const bool joined = !furrow.taper_start && furrow.taper_end;  // its other half is drawn for the other side
  const float scale = float(1 / (w * w)), relief = float(furrow.relief * strength),
              shade = float(furrow.shade * strength);
  for (int y = area.top; y < area.bottom; ++y)
    for (int x = area.left; x < area.right; ++x) {
      float nearest = 1e9f, place = 0;
      bool before = false;
      for (std::size_t k = 0; k < pieces; ++k) {
        const float ax = float(line[k].x), ay = float(line[k].y);
        const float bx = float(line[k + 1].x) - ax, by = float(line[k + 1].y) - ay;
        const float px = float(x) + .5f - ax, py = float(y) + .5f - ay;
        const float along = (px * bx + py * by) / (bx * bx + by * by + 1e-9f), t = std::clamp(along, 0.f, 1.f);
        const float dx = px - t * bx, dy = py - t * by, distance = dx * dx + dy * dy;
        if (distance < nearest)
          nearest = distance, place = (float(k) + t) / float(pieces), before = k == 0 && along < 0;
      }
      const float rest = 1 - nearest * scale;
      if (rest <= 0 || (before && joined)) continue;
      // Fades over the outer third towards a tapered end.
      const float from_start = furrow.taper_start ? std::min(1.f, place * 3) : 1.f;
      const float from_end = furrow.taper_end ? std::min(1.f, (1 - place) * 3) : 1.f;
      const float weight = rest * rest * from_start * from_end;
      const std::size_t i = std::size_t(y) * std::size_t(width_) + std::size_t(x);
      height_field_[i] += relief * weight;
      dark_[i] = 1 - (1 - dark_[i]) * (1 - shade * weight);
    }
}

namespace {

using Vector = std::array<float, 3>;

Vector unit(Vector v) {
  const float norm = 1 / std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  return {v[0] * norm, v[1] * norm, v[2] * norm};
}

float dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

}  // namespace

void Relief::shade(const Canvas& canvas, const Canvas& mask, const Scene& scene) const {
  canvas.flush();
  mask.flush();
  const Vector light = unit({float(scene.light[0]), float(scene.light[1]), float(scene.light[2])});
  const Vector half = unit({light[0], light[1], light[2] + 1});
  const float ambient = float(scene.ambient), pixels = float(pose_.scale());
  const Point middle = pose_.project({0, .12}, 0);
  const float kx = 1 / (1.30f * pixels), ky = 1 / (2.05f * pixels), deep = .80f;
  for (int y = 1; y + 1 < height_; ++y) {
    const unsigned char* covered = mask.row(y);
    auto* row = reinterpret_cast<std::uint32_t*>(canvas.row(y));
    for (int x = 1; x + 1 < width_; ++x) {
      if (!covered[x]) continue;
      const std::size_t i = std::size_t(y) * std::size_t(width_) + std::size_t(x);
      // The head as an ellipsoid z = deep sqrt(1 - u^2 - v^2), plus the slope of the additions.
      const float u = (float(x) - float(middle.x)) * kx, v = (float(y) - float(middle.y)) * ky;
      const float z = std::sqrt(std::max(.12f, 1 - u * u - v * v));
      const float sx = -deep * u / z * kx * pixels + (height_field_[i + 1] - height_field_[i - 1]) * .5f * pixels;
      const float sy = -deep * v / z * ky * pixels +
                       (height_field_[i + std::size_t(width_)] - height_field_[i - std::size_t(width_)]) * .5f * pixels;
      const Vector normal = unit({-sx, -sy, 1});
      const float lambert = std::max(0.f, (dot(normal, light) + .28f) / 1.28f);  // wrapped around the terminator
      const float open = 1 - .75f * dark_[i];                                    // folds are never black
      const float diffuse = (ambient + (1 - ambient) * 1.12f * lambert) * open;
      const float shine = std::pow(std::max(0.f, dot(normal, half)), 18.f) * .07f * open;
      const float shadow = std::clamp(1 - diffuse, 0.f, 1.f), weight = float(covered[x]) / 255;
      const float gain[3] = {diffuse + .20f * shadow * diffuse, diffuse, diffuse - .06f * shadow * diffuse};
      std::uint32_t pixel = 0;
      for (int c = 0; c < 3; ++c) {
        const float old = float((row[x] >> (16 - 8 * c)) & 255);
        const float lit = old * gain[c] + 255 * shine;
        pixel |= std::uint32_t(std::clamp(old + weight * (lit - old) + .5f, 0.f, 255.f)) << (16 - 8 * c);
      }
      row[x] = pixel | 0xff000000u;
    }
  }
  canvas.changed();
}

}  // namespace palimpsest::data::drawn
