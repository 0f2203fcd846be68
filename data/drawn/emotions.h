#pragma once
#include <array>
#include <span>
#include <vector>

#include "data/drawn/action_units.h"

namespace palimpsest::drawn {

// In AffectNet's order: label = place.
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
  // The unit of `core` that tells this emotion from all others, which it is therefore never without; 0: none. A unit
  // that others can stand in for need not be seen by a network, and then there is nothing to forget.
  int mark = 0;
  double lopsided = 0;  // share of the faces whose AU12 and AU14 act on one side only
};
const Prototype& prototype(Emotion emotion);

struct ExpressionOptions {
  double keep = .70;   // chance that an action unit of the emotion is shown; half of them and its mark always are
  double stray = .25;  // chance of an action unit that has nothing to do with the emotion
};
Expression random_expression(Emotion emotion, const ExpressionOptions& options, Random& random);

// Two to four action units that are no emotion's prototype, drawn with CK+'s frequencies.
Expression random_blend(Random& random);

// Adds one action unit of `pool` that is absent, AU12 and AU14 often on one side only.
void add_stray(Expression& expression, std::span<const int> pool, Random& random);

// FACS scores AU25 wherever the lips are apart, so AU10, AU16 and AU26 bring it with them.
void score_parted_lips(Expression& expression);

}  // namespace palimpsest::drawn
