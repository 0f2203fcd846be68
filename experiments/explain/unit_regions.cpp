#include "experiments/explain/unit_regions.h"

#include "base/error.h"
#include "base/progress.h"
#include "data/landmark_regions.h"

namespace palimpsest::experiments {

UnitRegions::UnitRegions(const fs::path& masks, const data::Source& source,
                         std::shared_ptr<const data::Pictures> pictures)
    : pictures_(std::move(pictures)) {
  if (masks == "landmarks") {
    if (!pictures_)
      throw Error(fmt::format("{} has no landmarks", source.text), "omit --masks, or name a set of pictures");
    int without = 0;
    for (int i = 0; i < pictures_->count(); ++i) without += known(i) ? 0 : 1;
    if (without > 0)
      remark(fmt::format("{}: {} of {} pictures have no landmarks and are not in regions.json.", source.text, without,
                         pictures_->count()));
    return;
  }
  truth_ = data::drawn::load_truth(masks.filename() == "truth" ? masks.parent_path() : masks);
  if (!truth_ || !pictures_)
    throw Error(fmt::format("{} has no ground truth of drawn faces for {}", masks.string(), source.text),
                "omit --masks, or name the folder of the drawn set in --data");
}

bool UnitRegions::known(int index) const {
  if (!truth_) return data::has_landmark_regions(pictures_->dataset().samples[std::size_t(index)].landmarks);
  const auto* entry = truth_->find(pictures_->id(index));
  return entry && entry->mask_row >= 0;
}

std::vector<float> UnitRegions::mask(int index, int unit, int width, int height) const {
  const data::Box& box = pictures_->crop(index).box;
  if (truth_) return truth_->mask(pictures_->id(index), unit, box, width, height);
  return data::landmark_region(pictures_->dataset().samples[std::size_t(index)].landmarks, unit, box, width, height);
}

}  // namespace palimpsest::experiments
