#pragma once
#include "data/drawn/canvas.h"
#include "data/drawn/pose.h"
#include "data/drawn/relief.h"
#include "data/drawn/shape.h"

namespace palimpsest::data::drawn {

// The input of every painter: the person, the moved lines, their place in the picture.
struct Sitter {
  const Identity& face;
  const Expression& expression;
  const Shape& shape;
  const Pose& pose;
  const Scene& scene;

  double px(double length) const { return length * pose.scale(); }
  Colour shadow() const { return {face.skin.r * .50, face.skin.g * .34, face.skin.b * .30}; }  // for lines on skin
};

// In painting order.
void paint_background(const Canvas& canvas, const Scene& scene);
void paint_behind(const Canvas& canvas, const Sitter& sitter);  // hair behind the head, neck, shoulders, ears
void paint_skin(const Canvas& canvas, const Canvas& mask, const Sitter& sitter);  // flat colours; mask: what is skin
void model_skin(Relief& relief, const Sitter& sitter);  // form, age lines, furrows of the action units
void paint_nose(const Canvas& canvas, const Sitter& sitter);
void paint_eyes(const Canvas& canvas, const Sitter& sitter);
void paint_mouth(const Canvas& canvas, const Sitter& sitter);
void paint_brows(const Canvas& canvas, const Sitter& sitter);
void paint_hair(const Canvas& canvas, const Sitter& sitter);
void paint_glasses(const Canvas& canvas, const Sitter& sitter);

// The outline of head and cranium, in pixels; `grown` pushes the cranium outwards (hair), in face space.
Curve head_outline(const Sitter& sitter, double grown = 0);

}  // namespace palimpsest::data::drawn
