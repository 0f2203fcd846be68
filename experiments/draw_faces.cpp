#include "experiments/draw_faces.h"

#include <fmt/ranges.h>

#include <set>

#include "base/error.h"
#include "base/progress.h"
#include "data/drawn/contact_sheet.h"
#include "data/pairs.h"
#include "experiments/command.h"

namespace palimpsest::experiments {

DrawFacesCommand::DrawFacesCommand() {
  // The set's own defaults.
  const auto declare = [](auto& member, const char* name, const char* help, auto... statements) {
    option(member, name, member, help, statements...);
  };
  declare(sets.seed, "seed", "the same seed draws the same bytes", heading("Pictures"));
  declare(sets.image_size, "size", "pixels, 32 to 1024");
  declare(sets.masks, "masks", "which sets get masks of where each action unit acts");
  declare(sets.keep, "keep", "chance that an action unit of an emotion is shown");
  declare(sets.stray, "stray", "chance of an action unit unrelated to the emotion");
  declare(sets.train_faces, "faces", "training faces, the 8 emotions together",
          heading("AffectNet (no set where a count is 0)"));
  declare(sets.test_faces_per_emotion, "test-faces", "test faces of each emotion");
  declare(sets.imbalance, "imbalance", "1: class sizes as unequal as AffectNet's, 0: equal");
  declare(sets.participants, "participants", "subjects; the last 4 are for testing", heading("UNBC"));
  declare(sets.sequences_per_participant, "sequences", "sequences per participant");
  declare(sets.frames_per_sequence, "frames", "frames per sequence");
  declare(sets.pain_share, "pain-share", "approximate share of frames with pain");
  declare(sets.ckplus_sequences, "ckplus-sequences", "sequences, each from neutral to a coded peak", heading("CK+"));
  declare(sets.ckplus_subjects, "ckplus-subjects", "subjects");
  declare(sets.ckplus_frames, "ckplus-frames", "frames per sequence");
  declare(pairs.units, "pair-units", "action units; none: all that the drawn emotions may show",
          heading("Pairs (the same face with and without one action unit)"));
  declare(pairs.pairs_per_unit, "pairs-per-unit", "pairs of each action unit", between(1, 100000));
  declare(pairs.context, "pair-context", "on faces of the emotions that may show the unit, or on peaks as in CK+");
  declare(sets.folder, "out", "folder for affectnet/, unbc/ and ckplus/; existing sets are kept", heading("Output"));
  declare(pairs.folder, "pairs", "folder for pairs of faces and pairs.csv; existing pairs are kept");
  declare(contact_sheets, "contact-sheets", "folder for pictures of every action unit, emotion and pain sequence");
  declare(sets.threads, "threads", "0: one per core; the pictures do not depend on it", heading("Machine"),
          between(0, 1024));
}

void settle(DrawFacesCommand& command, const std::set<std::string>& /*given*/) {
  if (command.sets.folder.empty() && command.pairs.folder.empty() && command.contact_sheets.empty())
    throw Error("draw-faces has nowhere to write", "give --out FOLDER, --pairs FOLDER or --contact-sheets FOLDER");
}

namespace {

// For each action unit how many pairs there are, on which faces, and how well the change is confined.
std::string summary(const data::Pairs& pairs) {
  std::string text = fmt::format("{:<6}{:>6}{:>10}  {}\n", "", "pairs", "outside", "faces");
  for (const int unit : pairs.action_units()) {
    int count = 0, changed = 0;
    double outside = 0;
    std::set<std::string> contexts;
    for (const auto& pair : pairs.pairs) {
      if (pair.action_unit != unit) continue;
      ++count;
      contexts.insert(pair.context);
      if (pair.outside) outside += *pair.outside, ++changed;
    }
    text += fmt::format("{:<6}{:>6}{:>10}  {}\n", fmt::format("AU{}", unit), count,
                        changed ? fmt::format("{:.1f} %", 100 * outside / changed) : "", fmt::join(contexts, ", "));
  }
  return text + "outside: the share of the pixel change that is not where the action unit acts\n";
}

}  // namespace

void run_draw_faces(const DrawFacesCommand& command) {
  if (!command.sets.folder.empty()) data::drawn::draw_sets(command.sets);
  if (!command.pairs.folder.empty()) {
    data::drawn::draw_pairs(command.pairs, command.sets);
    if (!Progress::silenced()) fmt::print("{}", summary(data::read_pairs(command.pairs.folder)));
  }
  if (!command.contact_sheets.empty()) data::drawn::write_contact_sheets(command.contact_sheets, command.sets.seed);
}

Command draw_faces_command() {
  return make_command("draw-faces",
                      "Drawn AffectNet, UNBC and CK+ sets, in their own layouts, and counterfactual pairs",
                      "Example:\n"
                      "  palimpsest draw-faces --out faces --seed 1 --contact-sheets faces/sheets\n"
                      "then --data affectnet:faces/affectnet, unbc:faces/unbc, ckplus:faces/ckplus\n"
                      "  palimpsest draw-faces --pairs faces/pairs --pair-units 5,14 --seed 1\n"
                      "then palimpsest pairs --data faces/pairs",
                      run_draw_faces);
}

}  // namespace palimpsest::experiments
