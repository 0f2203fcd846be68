#include "experiments/command_line/option_adder.h"

namespace palimpsest::command_line {

void add_draw_faces(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("draw-faces", "Drawn AffectNet, UNBC and CK+ sets, in their own layouts");
  const OptionAdder add(app);
  drawn::DrawSetsOptions& sets = options.draw_faces.sets;
  const char* group = "Pictures";
  add("seed", sets.seed, {group, "the same seed draws the same bytes"});
  add("size", sets.image_size, {group, "pixels, 32 to 1024"});
  add("masks", options.masks, {group, "where each action unit acts, beside the pictures", {"none", "tested", "all"}});
  add("keep", sets.keep, {group, "chance that an action unit of an emotion is shown"});
  add("stray", sets.stray, {group, "chance of an action unit that has nothing to do with it"});

  group = "AffectNet (no set where a count is 0)";
  add("faces", sets.train_faces, {group, "training faces, the 8 emotions together"});
  add("test-faces", sets.test_faces_per_emotion, {group, "test faces of each emotion"});
  add("imbalance", sets.imbalance, {group, "1: classes as unequal as AffectNet's, 0: equal"});

  group = "UNBC";
  add("participants", sets.participants, {group, "the last 4 are meant for testing"});
  add("sequences", sets.sequences_per_participant, {group, "of each participant"});
  add("frames", sets.frames_per_sequence, {group, "in each sequence"});
  add("pain-share", sets.pain_share, {group, "of the frames, about"});

  group = "CK+";
  add("ckplus-sequences", sets.ckplus_sequences, {group, "each from neutral to a coded peak"});
  add("ckplus-subjects", sets.ckplus_subjects, {group, "people in them"});
  add("ckplus-frames", sets.ckplus_frames, {group, "in each sequence"});

  add("out", sets.folder, {"Output", "gets affectnet/, unbc/ and ckplus/; a set that is there already is left alone"});
  add("contact-sheets", options.draw_faces.contact_sheets,
      {"Output", "folder for pictures of every action unit, emotion and pain sequence"});
  add("threads", sets.threads,
      {"Machine", "0: one for each core; the pictures are the same for any number", {}, 0, 1024});
  app.footer(
      "Example:\n"
      "  palimpsest draw-faces --out faces --seed 1 --contact-sheets faces/sheets\n"
      "then --data affectnet:faces/affectnet, unbc:faces/unbc, ckplus:faces/ckplus");
}

}  // namespace palimpsest::command_line
