#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "data/drawn/action_units.h"
#include "data/image.h"

namespace palimpsest::data::drawn {

// The ground truth of a drawn picture. On disk, in SET/truth/:
// truth.csv         id,part,person,emotion,width,height,mask_row,action_units (in expression_text()'s form)
// action_units.csv  bit,number,name,muscles,appearance
// masks.npy         uint32 (masked pictures, 64, 64), see masks.h; row = mask_row
struct TruthEntry {
  std::string id;             // the picture's path below the set's folder of pictures, as Sample::id
  std::string part;           // "train" or "test"; in CK+ "frame" or "peak"
  std::string person;         // unique over all sets
  std::string emotion;        // empty if there is none
  int width = 0, height = 0;  // of the picture, pixels
  int mask_row = -1;          // -1: no mask was written
  Expression expression;      // as drawn; a FACS file holds coded_intensity()
};

class Truth {
 public:
  Truth(std::vector<TruthEntry> entries, std::string masks);  // masks: uint32, little endian

  const std::vector<TruthEntry>& entries() const { return entries_; }
  // By id, or by the last part of it (names of pictures are unique within a set). nullptr when not drawn.
  const TruthEntry* find(std::string_view id) const;

  // How much of each pixel the action unit's area covers, 0 to 1, `width` x `height` values row by row, for the part
  // `box` (pixels of the picture; may reach beyond it, where nothing acts) scaled to that size: the same crop as
  // crop_and_resize(). Empty if the picture or its mask is missing. Throws Error for an AU that is not drawn.
  std::vector<float> mask(std::string_view id, int action_unit, const Box& box, int width, int height) const;
  // Of the whole picture scaled to size x size.
  std::vector<float> mask(std::string_view id, int action_unit, int size) const;

 private:
  std::vector<TruthEntry> entries_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::string masks_;
};

// The truth of one drawn set (OUT/affectnet, OUT/unbc or OUT/ckplus); nothing if the set was not drawn. Throws Error
// when its truth folder cannot be read.
std::optional<Truth> load_truth(const fs::path& set_folder);

}  // namespace palimpsest::data::drawn
