#include "data/drawn/muscles.h"

#include <algorithm>

#include "data/drawn/regions.h"

namespace palimpsest::data::drawn {

double effect_of(double intensity) {
  return intensity <= 0 ? 0 : std::pow(intensity / 5, .7);
}

std::vector<Push> pushes(int number, int side, const Shape& neutral) {
  switch (number) {
    case 1:
    case 2:
    case 4:
      return brow_pushes(number, side);
    case 5:
    case 6:
    case 7:
    case 43:
      return eye_pushes(number, side);
    case 9:
    case 10:
      return nose_pushes(number, side, neutral);
    default:
      return mouth_pushes(number, side, neutral);
  }
}

Marks marks(int number, int side, const Shape& moved) {
  switch (number) {
    case 1:
    case 2:
    case 4:
      return brow_marks(number, side, moved);
    case 5:
    case 6:
    case 7:
    case 43:
      return eye_marks(number, side, moved);
    case 9:
    case 10:
      return nose_marks(number, side, moved);
    default:
      return mouth_marks(number, side, moved);
  }
}

Point displacement(const std::vector<Push>& field, Part part, Point p) {
  Point sum;
  for (const Push& push : field) {
    if (!(push.parts & part)) continue;
    const double u = (p.x - push.centre.x) / push.radius.x, v = (p.y - push.centre.y) / push.radius.y;
    const double weight = bump(u * u + v * v);
    sum = sum + weight * Point{push.by.x - push.gather.x * (p.x - push.centre.x),
                               push.by.y - push.gather.y * (p.y - push.centre.y)};
  }
  return sum;
}

namespace {

// Moves `lower` so that it is nowhere above `upper`.
void keep_below(const Curve& upper, Curve& lower) {
  for (std::size_t i = 0; i < upper.size(); ++i) lower[i].y = std::max(lower[i].y, upper[i].y);
}

void separate(Shape& shape) {
  for (int side : {0, 1}) {
    Curve &top = shape[upper_lid(side)], &low = shape[lower_lid(side)];
    for (std::size_t i = 0; i < top.size(); ++i) top[i].y = std::min(top[i].y, low[i].y);
    for (std::size_t i = 0; i < 7; ++i) {
      const double lid = at(top, double(i) / 6).y;
      shape[crease(side)][i].y = std::min(shape[crease(side)][i].y, lid - .008);
    }
  }
  for (std::size_t i = 0; i < 7; ++i) {  // lips that would overlap meet halfway
    Point &a = shape[inner_top][i], &b = shape[inner_bottom][i];
    if (a.y > b.y) a.y = b.y = (a.y + b.y) / 2;
  }
  const auto thin = [](double f) { return Point{0, f}; };
  for (std::size_t i = 1; i < 6; ++i) {  // lips never vanish
    shape[lip_top][i].y = std::min(shape[lip_top][i].y, (shape[inner_top][i] - thin(.018)).y);
    shape[lip_bottom][i].y = std::max(shape[lip_bottom][i].y, (shape[inner_bottom][i] + thin(.022)).y);
  }
  keep_below(shape[lip_top], shape[lip_bottom]);
}

}  // namespace

Shape deform(const Shape& neutral, const Expression& expression) {
  Shape shape = neutral;
  for (int side : {0, 1}) {
    for (int i = 0; i < action_unit_count; ++i) {
      const double effect = effect_of((side == 0 ? expression.right : expression.left)[std::size_t(i)]);
      if (effect <= 0) continue;
      const int number = action_unit_table()[std::size_t(i)].number;
      const std::vector<Push> field = pushes(number, side, neutral);
      for (int line = 0; line < line_count; ++line) {
        const Curve& from = neutral[Line(line)];
        Curve& to = shape[Line(line)];
        for (std::size_t k = 0; k < from.size(); ++k)
          to[k] = to[k] + effect * displacement(field, part_of(Line(line)), from[k]);
      }
      if (number == 26) shape.jaw_drop += .5 * effect * full_jaw_drop;
    }
  }
  separate(shape);
  return shape;
}

}  // namespace palimpsest::data::drawn
