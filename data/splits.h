#pragma once
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/readers.h"
#include "data/source.h"

// The selections of Prajod, Schiller, Huber and Andre (arXiv 2104.07389, section 3). Every choice is an option with the
// paper's value as its default; `Selected::choices` records the choices as text, to be stored in a run.
namespace palimpsest::data {

using Choices = std::vector<std::pair<std::string, std::string>>;

struct Selected {
  Splits parts;
  Choices choices;
  std::vector<std::string> warnings;  // one sentence each
};

// AffectNet: 8 of the 11 classes; validation is a random 5 % of the training list, not stratified; the original
// validation list is the test part.
struct EmotionSelection {
  std::vector<std::string> classes{"neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"};
  std::vector<std::string> drop_classes;  // removed from `classes`
  double validation_share = 0.05;         // floor(share * n) pictures
  double test_share = 0;                  // folder: of each class, as near as whole pictures allow; cut off first
};

// UNBC: all frames of the test participants are the test part. From the others `train` + `validation` frames, half of
// each with pain, are drawn at random such that (i) every participant contributes at least one frame with and one
// without pain and (ii) no two are consecutive frames of a sequence; train and validation each have every participant
// if possible.
struct PainSelection {
  double pain_above = 0;                       // a frame shows pain when its PSPI is greater
  std::vector<std::string> test_participants;  // "042-ll042" or "042" each; "first4" or "last4" (any number) by name
  int train = 900, validation = 100;           // frames, even numbers
  bool consecutive_frames = false;             // true lifts (ii)
};

struct Selection {
  EmotionSelection emotion;
  PainSelection pain;
  std::uint64_t seed = 0;
};

// Labels become indices into the remaining classes, in the set's order; samples of other classes are removed, those
// without a label are kept. Empty `keep`: all. Names are compared as in base/class_names.h. Throws Error for an unknown
// class, and when none remains.
Dataset keep_classes(Dataset set, const std::vector<std::string>& keep, const std::vector<std::string>& drop);

// Puts floor(share * n) random samples into `validation`, the rest, in order, into `train`. 0 <= share < 1.
Splits cut_validation(Dataset set, double share, std::uint64_t seed);

// A class may lack pictures: training and the study require them (require_every_class). Classes are dropped after the
// validation part is cut.
Selected select_emotions(ListedSets sets, const EmotionSelection& selection, std::uint64_t seed);

// Throws Error when no test participant is named (the message lists frames and share of pain per participant), when a
// participant is unknown or lacks pain frames, when the test part lacks frames with or without pain, or when there are
// too few frames. A set made by draw-faces has a file drawn.json, which may name its "test_participants"; there the
// last 4 are the default.
Selected select_pain(const Dataset& set, const PainSelection& selection, std::uint64_t seed);

// CK+: the peak frames, all of them in `test`.
Selected select_concepts(Dataset set);

// Puts the share of each class, rounded, into `test` at random, the rest, in order, into `train`. 0 <= share < 1.
Splits cut_test(Dataset set, double share, std::uint64_t seed);

// Reads a set and selects by its kind. Of a folder: the test share is cut off, then the validation share of the rest; a
// folder of unlabelled pictures is all `test`. Throws Error for arrays:, which have no parts, and when two classes of a
// folder have names that differ only in case.
Selected read_and_select(const Source& source, const Selection& selection);

}  // namespace palimpsest::data
