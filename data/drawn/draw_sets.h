#pragma once
#include <cstdint>

#include "base/files.h"
#include "base/words.h"

namespace palimpsest::data::drawn {

enum class MaskScope { none, tested, all };  // tested: AffectNet's and UNBC's test parts and CK+'s peaks
constexpr auto words(MaskScope) {
  return std::to_array<Word<MaskScope>>(
      {{"none", MaskScope::none}, {"tested", MaskScope::tested}, {"all", MaskScope::all}});
}

// The demo's sizes. A set whose count is 0 is not drawn.
struct DrawSetsOptions {
  fs::path folder;  // gets affectnet/, unbc/ and ckplus/
  std::uint64_t seed = 1;
  int image_size = 96;  // pixels, 32 to 1024: AffectNet and UNBC are square, CK+ keeps its three formats at that scale
  int threads = 0;      // 0: all; the pictures are the same for any number
  MaskScope masks = MaskScope::tested;

  int train_faces = 3800;  // AffectNet, the 8 emotions together
  int test_faces_per_emotion = 100;
  double imbalance = .5;  // class sizes are proportional to AffectNet's to this power: 1 the same, 0 equal sizes
  double keep = .70, stray = .25;  // see ExpressionOptions and PainOptions

  int participants = 25;  // UNBC; the last 4 are meant for testing
  int sequences_per_participant = 8;
  int frames_per_sequence = 24;
  double pain_share = .34;  // of frames, about

  int ckplus_sequences = 593;
  int ckplus_subjects = 123;
  int ckplus_frames = 4;  // per sequence, neutral to peak
};

// Throws Error for the first value that is out of range.
void require_drawable(const DrawSetsOptions& options);

// Draws the three sets in the layouts of the real ones (data/readers.h), each with truth/ (truth.h) and drawn.json,
// which is written last and holds the options. A complete set with the same options is kept; an interrupted one is
// drawn again. Throws Error when a folder holds something else: a set drawn with other options or by another version,
// or files that were not drawn. No person is in two sets, or in both parts of one.
void draw_sets(const DrawSetsOptions& options);

}  // namespace palimpsest::data::drawn
