// Discs around landmarks against the truth of drawn faces, where each action unit really acts.
#include "data/drawn/face.h"
#include "data/drawn/masks.h"
#include "data/landmark_regions.h"

namespace palimpsest::data::drawn {
namespace {

// Of the discs' pixels more than half are in the true area, which is between 2 and 9 % of the picture.
TEST(LandmarkRegionsOfDrawnFaces, LieWhereTheActionUnitsAct) {
  constexpr int side = 128, faces = 12;
  std::vector<double> inside(action_unit_count), discs(action_unit_count);
  for (int i = 0; i < faces; ++i) {
    const Identity identity = random_identity(1, std::uint64_t(i));
    const Scene scene = random_scene(1, Setting::in_the_wild, std::uint64_t(i));
    const Expression neutral;
    const auto landmarks = draw_face(identity, neutral, scene, side, side).landmarks;
    const auto truth = action_unit_masks(identity, neutral, scene, side, side);
    for (std::size_t k = 0; k < inside.size(); ++k) {
      const auto disc =
          landmark_region(landmarks, action_unit_table()[k].number, {0, 0, side, side}, mask_grid, mask_grid);
      ASSERT_EQ(disc.size(), truth.size());
      for (std::size_t p = 0; p < disc.size(); ++p) {
        const bool acts = (truth[p] >> k & 1U) != 0;
        discs[k] += double(disc[p]);
        inside[k] += acts ? double(disc[p]) : 0;
      }
    }
  }
  for (std::size_t k = 0; k < inside.size(); ++k)
    EXPECT_GT(inside[k] / discs[k], 0.5) << "AU" << action_unit_table()[k].number;
}

}  // namespace
}  // namespace palimpsest::data::drawn
