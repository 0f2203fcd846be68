#include "data/drawn/masks.h"

#include <algorithm>

#include "data/drawn/canvas.h"
#include "data/drawn/muscles.h"
#include "data/drawn/pose.h"

namespace palimpsest::data::drawn {

namespace {

constexpr int fine = 2;                // the areas are painted at twice the grid
constexpr double least_movement = .3;  // of the farthest
constexpr double line_width = .11;     // of a moved line, interpupillary distances
constexpr double covered = .35;        // share of a cell that must be covered

// The face around one action unit: where its lines are with and without it.
struct Action {
  std::array<Curve, line_count> without, with;
  double farthest = 0;
};

Action action_of(int number, int side, double effect, const Shape& neutral, const Shape& moved) {
  Action action;
  const std::vector<Push> field = pushes(number, side, neutral);
  for (int i = 0; i < line_count; ++i) {
    const Line line{Line(i)};
    for (std::size_t k = 0; k < neutral[line].size(); ++k) {
      const Point d = displacement(field, part_of(line), neutral[line][k]), now = moved[line][k];
      // A shown action has moved the line here; another would move it away.
      action.without[std::size_t(i)].push_back(effect > 0 ? now - effect * d : now);
      action.with[std::size_t(i)].push_back(effect > 0 ? now : now + d);
      action.farthest = std::max(action.farthest, length(d) * (effect > 0 ? effect : 1));
    }
  }
  return action;
}

class MaskPainter {
 public:
  MaskPainter(const Pose& pose, int width, int height) : canvas_(grid, grid, CAIRO_FORMAT_A8), pose_(pose) {
    cairo_scale(canvas_.cr(), double(grid) / width, double(grid) / height);
  }

  void clear() {
    cairo_save(canvas_.cr());
    cairo_set_operator(canvas_.cr(), CAIRO_OPERATOR_CLEAR);
    cairo_paint(canvas_.cr());
    cairo_restore(canvas_.cr());
  }

  void sweep(const Action& action) {
    for (std::size_t i = 0; i < line_count; ++i) {
      const Curve &from = action.without[i], &to = action.with[i];
      const auto moves = [&](std::size_t k) { return length(to[k] - from[k]) >= least_movement * action.farthest; };
      for (std::size_t k = 0; k + 1 < from.size(); ++k) {
        if (!moves(k) || !moves(k + 1)) continue;
        const Curve swept = pose_(Curve{from[k], from[k + 1], to[k + 1], to[k]});
        canvas_.fill(swept, {});
        Curve outline = swept;
        outline.push_back(swept.front());
        canvas_.stroke(outline, {}, line_width * pose_.scale());
      }
    }
  }

  void add(const Marks& marks) {
    for (const Furrow& furrow : marks.furrows)
      canvas_.stroke(pose_(smooth(furrow.curve, 4)), {}, (2 * furrow.half_width + .02) * pose_.scale());
    for (const Bulge& bulge : marks.bulges)
      canvas_.ellipse(pose_(bulge.centre), {.7 * bulge.radius.x * pose_.scale(), .7 * bulge.radius.y * pose_.scale()},
                      pose_.roll(), {});
  }

  void collect(std::uint32_t bit, std::vector<std::uint32_t>& cells) const {
    canvas_.flush();
    for (int y = 0; y < mask_grid; ++y)
      for (int x = 0; x < mask_grid; ++x) {
        int sum = 0;
        for (int k = 0; k < fine * fine; ++k) sum += canvas_.row(y * fine + k / fine)[x * fine + k % fine];
        if (sum >= covered * 255 * fine * fine) cells[std::size_t(y * mask_grid + x)] |= bit;
      }
  }

 private:
  static constexpr int grid = mask_grid * fine;
  Canvas canvas_;
  const Pose& pose_;
};

}  // namespace

std::vector<std::uint32_t> action_unit_masks(const Identity& identity, const Expression& expression, const Scene& scene,
                                             int width, int height) {
  const Pose pose(scene, width, height);
  const Shape neutral = neutral_shape(identity), moved = deform(neutral, expression);
  std::vector<std::uint32_t> cells(std::size_t(mask_grid) * mask_grid);
  MaskPainter painter(pose, width, height);
  for (int i = 0; i < action_unit_count; ++i) {
    const int number = action_unit_table()[std::size_t(i)].number;
    painter.clear();
    for (int side : {0, 1}) {
      const double intensity = (side == 0 ? expression.right : expression.left)[std::size_t(i)];
      if (expression.has(number) && intensity <= 0) continue;
      painter.sweep(action_of(number, side, effect_of(intensity), neutral, moved));
      painter.add(marks(number, side, moved));
    }
    painter.collect(1u << i, cells);
  }
  return cells;
}

}  // namespace palimpsest::data::drawn
