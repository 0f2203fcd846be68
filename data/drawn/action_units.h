#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace palimpsest::data::drawn {

// The action units that the study looks at. Numbers, names and muscles as in Ekman, Friesen and Hager, "Facial Action
// Coding System" (2002).
struct ActionUnitInfo {
  int number;
  const char* name;
  const char* muscles;
  const char* appearance;  // what a drawn face shows
  bool sided;              // may act on one side only
};

inline constexpr int action_unit_count = 18;
std::span<const ActionUnitInfo, action_unit_count> action_unit_table();
int action_unit_index(int number);  // index in the table, also its bit in a mask; -1 if not in the table

// The subject's side: the subject's left is on the right of the picture.
enum class Side { both, left, right };

// How strongly each action unit acts on each side of the face: 0 (absent), 1 (trace, FACS "A") to 5 (maximum, "E").
struct Expression {
  std::array<double, action_unit_count> right{}, left{};  // by index in the table

  void set(int number, double intensity, Side side = Side::both);  // clamped to 0..5, rounded to hundredths
  double intensity(int number) const;                              // the stronger side
  Side side(int number) const;
  bool has(int number) const { return intensity(number) > 0; }
  bool empty() const;
  void scale(double factor);  // all action units; those below .5 are dropped, as by a human coder
};

// "1:3.20 12:4.00:L", in ascending order; empty for a neutral face.
std::string expression_text(const Expression& expression);
Expression parse_expression(std::string_view text, std::string_view where);  // throws Error with `where`

// Prkachin and Solomon's pain intensity from rounded intensities: AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43, the last
// 0 or 1. 0 to 16.
int pspi(const Expression& expression);
int coded_intensity(double intensity);  // what a FACS coder writes: rounded, 0 to 5

}  // namespace palimpsest::data::drawn
