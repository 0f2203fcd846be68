#pragma once
#include <vector>

#include "data/drawn/canvas.h"
#include "data/drawn/muscles.h"
#include "data/drawn/pose.h"

namespace palimpsest::data::drawn {

// The form of the skin as a height field over the picture, and how much light folds absorb. Bulges and furrows are
// added in face space; shade() then lights the painted skin by the field's slope.
class Relief {
 public:
  Relief(int width, int height, const Pose& pose);

  void add(const Bulge& bulge, double strength = 1);
  void add(const Furrow& furrow, double strength = 1);
  void darken(Point centre, Point radius, double amount);  // ambient light that does not reach a hollow

  // Multiplies the colours of `canvas` by the light that falls on the skin, where `mask` (8 bit alpha) is set.
  // Shadows on skin turn red rather than grey, because light scatters in it (Jensen et al., "A practical model for
  // subsurface light transport", 2001, show the effect; here only its tint is borrowed).
  void shade(const Canvas& canvas, const Canvas& mask, const Scene& scene) const;

 private:
  struct Area {
    int left, top, right, bottom;
  };
  Area clip(double left, double top, double right, double bottom) const;
  template <typename F>
  void over_ellipse(Point centre, Point radius, F&& f);

  int width_, height_;
  const Pose& pose_;
  std::vector<float> height_field_, dark_;
};

}  // namespace palimpsest::data::drawn
