#pragma once
#include "data/drawn/muscles.h"

namespace palimpsest::data::drawn {

// Displacements and marks of the action units, by region of the face. Called only by muscles.cpp.
std::vector<Push> brow_pushes(int number, int side);  // AU1, 2, 4
Marks brow_marks(int number, int side, const Shape& moved);
std::vector<Push> eye_pushes(int number, int side);  // AU5, 6, 7, 43
Marks eye_marks(int number, int side, const Shape& moved);
std::vector<Push> nose_pushes(int number, int side, const Shape& neutral);  // AU9, 10
Marks nose_marks(int number, int side, const Shape& moved);
std::vector<Push> mouth_pushes(int number, int side, const Shape& neutral);  // AU12, 14, 15, 16, 17, 20, 23, 25, 26
Marks mouth_marks(int number, int side, const Shape& moved);

inline constexpr double full_jaw_drop = .26;  // of AU26 at intensity 5

}  // namespace palimpsest::data::drawn
