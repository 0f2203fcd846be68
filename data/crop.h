#pragma once
#include "base/words.h"
#include "data/dataset.h"

namespace palimpsest::data {

// The part of a picture that becomes the network's input. If a sample lacks it, the next in this order is used:
// landmarks, box, none.
enum class Crop {
  landmarks,  // a square around the landmarks, `margin` of its side added on each side
  box,        // the face box, clipped to the picture
  none,       // the whole picture
};

constexpr auto words(Crop) {
  return std::to_array<Word<Crop>>({{"landmarks", Crop::landmarks}, {"box", Crop::box}, {"none", Crop::none}});
}

struct CropOptions {
  Crop crop = Crop::landmarks;
  double margin = 0.25;     // of the landmarks' larger extent, on each of the four sides
  bool bottom_cut = false;  // cut off the part below the base of the nose (the study's AU5 test)
};

struct Cropped {
  Box box;                 // in pixels of the picture; with `landmarks` it may reach beyond it
  Crop used = Crop::none;  // what the box was made from
};

// The crop is stretched to the input's square, so `box` with a bottom cut is wider than high. The cut is at landmark
// 33, the base of the nose in the 68- and the 66-point scheme; without landmarks the upper 60 % of the crop are kept
// (also if landmark 33 is in its upper tenth or below it, which is implausible). Landmarks with more than half their
// points outside the picture belong to another one and are not used.
Cropped crop_box(const Sample& sample, int width, int height, const CropOptions& options);

}  // namespace palimpsest::data
