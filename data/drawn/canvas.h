#pragma once
#include <cairo.h>

#include <memory>

#include "data/drawn/curve.h"
#include "data/drawn/identity.h"

namespace palimpsest::data::drawn {

// A cairo surface with the few calls needed for faces. Coordinates are pixels. Included only by the painting files.
class Canvas {
 public:
  Canvas(int width, int height, cairo_format_t format = CAIRO_FORMAT_RGB24);

  cairo_t* cr() const { return context_.get(); }
  int width() const { return cairo_image_surface_get_width(surface_.get()); }
  int height() const { return cairo_image_surface_get_height(surface_.get()); }
  unsigned char* row(int y) const;  // after flush()
  void flush() const { cairo_surface_flush(surface_.get()); }
  void changed() const { cairo_surface_mark_dirty(surface_.get()); }

  void path(const Curve& curve, bool closed = true) const;
  void colour(Colour c, double alpha = 1) const { cairo_set_source_rgba(cr(), c.r, c.g, c.b, alpha); }
  void fill(const Curve& curve, Colour c, double alpha = 1) const;
  void stroke(const Curve& curve, Colour c, double width, double alpha = 1) const;
  void ellipse(Point centre, Point radius, double angle, Colour c, double alpha = 1) const;
  // Alpha falls smoothly from the centre to 0 at the rim.
  void glow(Point centre, Point radius, double angle, Colour c, double alpha) const;
  // Fills the path with a gradient from `a` at point `from` to `b` at point `to`.
  void fill_between(const Curve& curve, Point from, Colour a, Point to, Colour b, double alpha = 1) const;

 private:
  struct Destroy {
    void operator()(cairo_surface_t* s) const { cairo_surface_destroy(s); }
    void operator()(cairo_t* c) const { cairo_destroy(c); }
  };
  std::unique_ptr<cairo_surface_t, Destroy> surface_;
  std::unique_ptr<cairo_t, Destroy> context_;
};

// A line whose width swells in its middle and ends in points, as a closed outline. `width` is the full width at the
// widest; `start` and `end` are the shares of it left at the ends.
Curve tapered(const Curve& line, double width, double start = 0, double end = 0);

}  // namespace palimpsest::data::drawn
