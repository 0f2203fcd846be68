#pragma once
#include <array>
#include <cstdint>

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

// What becomes of the face below the base of the nose (the study's AU5 test, where the open mouth must not show). The
// numbers are part of the picture cache's keys.
enum class BottomCut {
  no = 0,
  blank = 2,    // it is painted over with `blank_colour`; the upper face stays where it is, at its size
  stretch = 1,  // it is cut off, and the rest stretched to the whole square
};
constexpr auto words(BottomCut) {
  return std::to_array<Word<BottomCut>>(
      {{"no", BottomCut::no}, {"blank", BottomCut::blank}, {"stretch", BottomCut::stretch}});
}

// ImageNet's mean (R, G, B). The normalisations of torchvision and Caffe turn it into 0 within one grey level (that of
// VGG-Face within 12 levels), which is what convolutions are padded with: it adds nothing to any sum.
inline constexpr std::array<std::uint8_t, 3> blank_colour{124, 116, 104};

struct CropOptions {
  Crop crop = Crop::landmarks;
  double margin = 0.25;  // of the landmarks' larger extent, on each of the four sides
  BottomCut bottom_cut = BottomCut::no;
};

struct Cropped {
  Box box;                 // in pixels of the picture; with `landmarks` it may reach beyond it
  Crop used = Crop::none;  // what the box was made from
};

// The crop is stretched to the input's square, so `box` with BottomCut::stretch is wider than high. Landmarks with more
// than half their points outside the picture belong to another one and are not used.
Cropped crop_box(const Sample& sample, int width, int height, const CropOptions& options);

// Where the crop `box` (uncut) of a picture of this size is cut, in pixels from the picture's top: at landmark 33, the
// base of the nose in the 68- and the 66-point scheme; without landmarks 60 % of the crop are above (also if landmark
// 33 is in its upper tenth or below it, which is implausible).
double cut_line(const Sample& sample, const Box& box, int width, int height);

// Paints every pixel that reaches below the line `y` with `blank_colour`.
void blank_below(Image& image, double y);

}  // namespace palimpsest::data
