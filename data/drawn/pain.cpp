#include "data/drawn/pain.h"

#include <algorithm>
#include <cmath>

#include "data/drawn/emotions.h"

namespace palimpsest::data::drawn {

std::vector<int> pain_strays() {
  return {1, 2, 5, 12, 14, 15, 16, 17, 20, 23, 25, 26};
}

namespace {

constexpr double mean_episode = 9;  // frames

Expression peak_of_pain(double strength, Random& random) {
  Expression peak;
  const auto show = [&](int number, double chance) {
    const double intensity = std::clamp(strength + .7 * random.normal(), 1.0, 5.0);
    if (random.chance(chance)) peak.set(number, intensity);
  };
  show(4, .85);
  show(6, .60);
  show(7, .60);
  show(9, .50);
  show(10, .45);
  show(43, .50);
  show(12, .22);
  show(20, .22);
  show(25, .35);
  show(26, .20);
  if (pspi(peak) == 0) peak.set(4, std::clamp(strength, 1.0, 5.0));
  return peak;
}

// 0 before and after, 1 between; linear over `rise` and `fall` frames.
double envelope(double frame, double begin, double rise, double hold, double fall) {
  const double t = frame - begin;
  if (t < rise) return std::clamp(t / rise, 0.0, 1.0);
  return std::clamp((rise + hold + fall - t) / fall, 0.0, 1.0);
}

void add_episode(std::vector<Expression>& frames, double strength, double begin, Random& random) {
  const Expression peak = peak_of_pain(strength, random);
  const double rise = random.uniform(1.5, 4), hold = random.uniform(1.5, 5), fall = random.uniform(2, 5);
  for (int i = 0; i < action_unit_count; ++i) {
    const double lag = random.uniform(-.6, .6);  // muscles do not act in unison
    const double intensity = peak.left[std::size_t(i)];
    if (intensity <= 0) continue;
    const int number = action_unit_table()[std::size_t(i)].number;
    for (std::size_t f = 0; f < frames.size(); ++f) {
      const double now = intensity * envelope(double(f), begin + lag, rise, hold, fall);
      if (now >= .5) frames[f].set(number, std::max(now, frames[f].intensity(number)));
    }
  }
}

// The stray takes the place of what it contradicts, for otherwise it would be seen less often in pain.
void show_stray(Expression& frame, const Expression& stray) {
  const bool pain = pspi(frame) > 0;
  const double closed = frame.intensity(43);
  for (int i = 0; i < action_unit_count; ++i) {
    const auto at = std::size_t(i);
    if (stray.right[at] <= 0 && stray.left[at] <= 0) continue;
    remove_rivals(frame, action_unit_table()[at].number);
    frame.right[at] = std::max(frame.right[at], stray.right[at]);
    frame.left[at] = std::max(frame.left[at], stray.left[at]);
  }
  if (pain && pspi(frame) == 0) frame.set(4, closed);
}

// Runs of about two frames with the same stray; on average they cover the given share of frames.
void add_strays(std::vector<Expression>& frames, double share, Random& random) {
  if (share <= 0) return;
  const std::vector<int> pool = pain_strays();
  constexpr double stay = .5;
  const double start = (1 - stay) * share / std::max(1e-9, 1 - share);
  bool in_run = false;
  Expression stray;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    const bool was = in_run;
    in_run = random.chance(f == 0 ? share : in_run ? stay : start);
    if (in_run && !was) {
      stray = {};
      add_stray(stray, pool, random);
    }
    if (in_run) show_stray(frames[f], stray);
  }
}

}  // namespace

std::vector<Expression> pain_sequence(const PainOptions& options, double expressiveness, Random& random) {
  std::vector<Expression> frames(std::size_t(options.frames));
  const double expected = options.frames * options.share / mean_episode;
  int episodes = int(expected) + (random.chance(expected - std::floor(expected)) ? 1 : 0);
  const double luck = random.uniform();  // some movements do not hurt; others hurt more
  if (luck < .2) episodes = 0;
  if (luck >= .8) ++episodes;
  if (options.certain) episodes = std::max(episodes, 1);
  for (int i = 0; i < episodes; ++i) {
    const double room = double(options.frames) / episodes;
    const double begin = room * i + random.uniform(0, std::max(.1, room - .6 * mean_episode));
    add_episode(frames, std::clamp(expressiveness + .7 * random.normal(), 1.2, 4.8), begin, random);
  }
  add_strays(frames, options.stray, random);
  for (Expression& frame : frames) {
    if (frame.has(43)) remove_rivals(frame, 43);
    score_parted_lips(frame);
  }
  return frames;
}

}  // namespace palimpsest::data::drawn
