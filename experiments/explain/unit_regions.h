#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "data/drawn/truth.h"
#include "data/pictures.h"
#include "data/source.h"

namespace palimpsest::experiments {

// Where action units act on each picture, by the value of --masks: the truth of a drawn set, or for `landmarks` discs
// around them (data/landmark_regions.h).
class UnitRegions {
 public:
  // pictures: null for arrays:. Throws Error for those, and for a folder without truth; a remark counts pictures
  // without landmarks.
  UnitRegions(const fs::path& masks, const data::Source& source, std::shared_ptr<const data::Pictures> pictures);

  bool known(int index) const;  // false: nothing says where they are
  // width x height in [0, 1]; empty if this action unit's place is not known. requires: known(index)
  std::vector<float> mask(int index, int unit, int width, int height) const;

 private:
  std::shared_ptr<const data::Pictures> pictures_;
  std::optional<data::drawn::Truth> truth_;  // none: landmarks
};

}  // namespace palimpsest::experiments
