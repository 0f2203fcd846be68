#pragma once
#include <vector>

#include "data/drawn/action_units.h"

namespace palimpsest::data::drawn {

// The frames of one filmed movement of the shoulder: rest, and sometimes an episode of pain with onset, peak and
// offset. Pain is AU4, 6/7, 9/10 and 43, which alone define PSPI; 12, 20, 25 and 26 accompany it (Prkachin and
// Solomon 2008). Strays occur independently of pain, so that they are equally common with and without it. A frame
// leaves out what its stray contradicts (remove_rivals()), so that strays are also seen equally often; a frame of pain
// stays one. Closed eyes (AU43) hide AU7, which is left out beside them.
struct PainOptions {
  int frames = 24;
  double share = .34;    // of frames in pain, about
  double stray = .25;    // of frames with a stray action unit
  bool certain = false;  // at least one episode
};
std::vector<Expression> pain_sequence(const PainOptions& options, double expressiveness, Random& random);

// The possible strays of a pain sequence.
std::vector<int> pain_strays();

}  // namespace palimpsest::data::drawn
