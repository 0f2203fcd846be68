#include "data/drawn/canvas.h"

#include <algorithm>
#include <numbers>

#include "base/error.h"

namespace palimpsest::data::drawn {

Canvas::Canvas(int width, int height, cairo_format_t format) {
  PALIMPSEST_REQUIRE(width > 0 && height > 0 && width <= 8192 && height <= 32768, "a canvas of {} x {}", width, height);
  surface_.reset(cairo_image_surface_create(format, width, height));
  context_.reset(cairo_create(surface_.get()));
  if (cairo_status(context_.get()) != CAIRO_STATUS_SUCCESS)
    throw Error("not enough memory to draw a face", "draw smaller pictures or use fewer threads");
  cairo_set_line_cap(cr(), CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(cr(), CAIRO_LINE_JOIN_ROUND);
}

unsigned char* Canvas::row(int y) const {
  return cairo_image_surface_get_data(surface_.get()) +
         std::ptrdiff_t(y) * cairo_image_surface_get_stride(surface_.get());
}

void Canvas::path(const Curve& curve, bool closed) const {
  if (curve.empty()) return;
  cairo_move_to(cr(), curve[0].x, curve[0].y);
  for (std::size_t i = 1; i < curve.size(); ++i) cairo_line_to(cr(), curve[i].x, curve[i].y);
  if (closed) cairo_close_path(cr());
}

void Canvas::fill(const Curve& curve, Colour c, double alpha) const {
  path(curve);
  colour(c, alpha);
  cairo_fill(cr());
}

void Canvas::stroke(const Curve& curve, Colour c, double width, double alpha) const {
  path(curve, false);
  colour(c, alpha);
  cairo_set_line_width(cr(), width);
  cairo_stroke(cr());
}

namespace {
void unit_circle(cairo_t* cr, Point centre, Point radius, double angle) {
  cairo_translate(cr, centre.x, centre.y);
  cairo_rotate(cr, angle);
  cairo_scale(cr, radius.x, radius.y);
  cairo_new_path(cr);
  cairo_arc(cr, 0, 0, 1, 0, 2 * std::numbers::pi);
}
}  // namespace

void Canvas::ellipse(Point centre, Point radius, double angle, Colour c, double alpha) const {
  cairo_save(cr());
  unit_circle(cr(), centre, radius, angle);
  colour(c, alpha);
  cairo_fill(cr());
  cairo_restore(cr());
}

void Canvas::glow(Point centre, Point radius, double angle, Colour c, double alpha) const {
  cairo_save(cr());
  unit_circle(cr(), centre, radius, angle);
  cairo_pattern_t* pattern = cairo_pattern_create_radial(0, 0, 0, 0, 0, 1);
  for (double r : {0.0, .25, .5, .75, 1.0})
    cairo_pattern_add_color_stop_rgba(pattern, r, c.r, c.g, c.b, alpha * bump(r * r));
  cairo_set_source(cr(), pattern);
  cairo_fill(cr());
  cairo_pattern_destroy(pattern);
  cairo_restore(cr());
}

void Canvas::fill_between(const Curve& curve, Point from, Colour a, Point to, Colour b, double alpha) const {
  cairo_pattern_t* pattern = cairo_pattern_create_linear(from.x, from.y, to.x, to.y);
  cairo_pattern_add_color_stop_rgba(pattern, 0, a.r, a.g, a.b, alpha);
  cairo_pattern_add_color_stop_rgba(pattern, 1, b.r, b.g, b.b, alpha);
  path(curve);
  cairo_set_source(cr(), pattern);
  cairo_fill(cr());
  cairo_pattern_destroy(pattern);
}

Curve tapered(const Curve& line, double width, double start, double end) {
  const std::size_t n = line.size();
  if (n < 2) return {};
  Curve left, right;
  for (std::size_t i = 0; i < n; ++i) {
    const Point along = line[std::min(i + 1, n - 1)] - line[i == 0 ? 0 : i - 1];
    const double t = double(i) / double(n - 1), norm = std::max(length(along), 1e-9);
    const double ends = start + (end - start) * t;
    const double half = width / 2 * (ends + (1 - ends) * std::sin(std::numbers::pi * std::clamp(t, 0.0, 1.0)));
    const Point across{-along.y / norm * half, along.x / norm * half};
    left.push_back(line[i] + across);
    right.push_back(line[i] - across);
  }
  return left + reversed(right);
}

}  // namespace palimpsest::data::drawn
