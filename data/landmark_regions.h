#pragma once
#include <span>
#include <vector>

#include "data/image.h"

// Where action units act on a face of which only landmarks are known. Each has two discs, one on each side of the face
// or both at one place, whose radius is a quarter of the distance between the eyes. Their centres are ours, after the
// descriptions of Ekman, Friesen and Hager, "Facial Action Coding System" (2002); discs around landmarks are the
// approach of Li, Abtahi, Zhu and Yin (EAC-Net, TPAMI 40, 2018). Action units of the same muscles overlap: those of the
// mouth's corners (AU12, 14, 15, 20) and of the eyes (AU5, 7, 43) can hardly be distinguished by their place.
namespace palimpsest::data {

// landmarks: 68 points (iBUG 300-W order) or UNBC's 66, in pixels of the picture; false for others, and for eyes that
// coincide.
bool has_landmark_regions(std::span<const Point> landmarks);

// How the action unit's discs cover the part `box` of the picture, scaled to width x height: 1 for pixels whose centre
// is in a disc, else 0. Empty for an action unit without a region. The discs turn with the face.
// requires: has_landmark_regions(landmarks)
std::vector<float> landmark_region(std::span<const Point> landmarks, int unit, const Box& box, int width, int height);

}  // namespace palimpsest::data
