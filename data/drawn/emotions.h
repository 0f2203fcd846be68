#pragma once
#include <array>
#include <span>
#include <vector>

#include "data/drawn/action_units.h"

namespace palimpsest::data::drawn {

// In AffectNet's order: label = index.
enum class Emotion { neutral, happy, sad, surprise, fear, disgust, anger, contempt };
inline constexpr int emotion_count = 8;
const char* emotion_name(Emotion emotion);

// The action units that make an emotion (EMFACS, Friesen and Ekman 1983), and those that may come with them.
struct Prototype {
  std::vector<int> core;
  std::vector<int> variant;  // instead of core, in a share of the faces
  struct Companion {
    int number;
    double chance;
  };
  std::vector<Companion> companions;
  // The unit of `core` that distinguishes this emotion from all others and is therefore always present; 0: none. A
  // network can ignore a unit that others can replace, and then has nothing to forget.
  int mark = 0;
  double lopsided = 0;  // share of the faces with one-sided AU12 and AU14
};
const Prototype& prototype(Emotion emotion);

struct ExpressionOptions {
  double keep = .70;   // probability of each action unit of the emotion; half of them and its mark are always shown
  double stray = .25;  // probability of an unrelated action unit
};
Expression random_expression(Emotion emotion, const ExpressionOptions& options, Random& random);

// Two to four action units that are not an emotion's prototype, drawn with CK+'s frequencies.
Expression random_blend(Random& random);

// The same two before score_parted_lips().
Expression unscored_expression(Emotion emotion, const ExpressionOptions& options, Random& random);
Expression unscored_blend(Random& random);

// Removes the action units that `number` cancels in the picture, or that cancel it: AU5 and AU7 with AU43, AU12 with
// AU15, AU20 with AU23.
void remove_rivals(Expression& expression, int number);

// Adds one absent action unit of `pool`, AU12 and AU14 often on one side only.
void add_stray(Expression& expression, std::span<const int> pool, Random& random);

// FACS scores AU25 whenever the lips are apart, so AU10, AU16 and AU26 imply it.
void score_parted_lips(Expression& expression);

}  // namespace palimpsest::data::drawn
