#include "experiments/draw_faces.h"

#include "base/error.h"
#include "data/drawn/contact_sheet.h"
#include "experiments/command.h"

namespace palimpsest {

void describe(Fields& f, DrawFacesCommand& c) {
  drawn::DrawSetsOptions& sets = c.sets;
  f.group("Pictures");
  f.add("seed", sets.seed, "the same seed draws the same bytes");
  f.add("size", sets.image_size, "pixels, 32 to 1024");
  f.add("masks", sets.masks, "where each action unit acts, beside the pictures");
  f.add("keep", sets.keep, "chance that an action unit of an emotion is shown");
  f.add("stray", sets.stray, "chance of an action unit that has nothing to do with it");
  f.group("AffectNet (no set where a count is 0)");
  f.add("faces", sets.train_faces, "training faces, the 8 emotions together");
  f.add("test-faces", sets.test_faces_per_emotion, "test faces of each emotion");
  f.add("imbalance", sets.imbalance, "1: classes as unequal as AffectNet's, 0: equal");
  f.group("UNBC");
  f.add("participants", sets.participants, "the last 4 are meant for testing");
  f.add("sequences", sets.sequences_per_participant, "of each participant");
  f.add("frames", sets.frames_per_sequence, "in each sequence");
  f.add("pain-share", sets.pain_share, "of the frames, about");
  f.group("CK+");
  f.add("ckplus-sequences", sets.ckplus_sequences, "each from neutral to a coded peak");
  f.add("ckplus-subjects", sets.ckplus_subjects, "people in them");
  f.add("ckplus-frames", sets.ckplus_frames, "in each sequence");
  f.group("Output");
  f.add("out", sets.folder, "gets affectnet/, unbc/ and ckplus/; a set that is there already is left alone");
  f.add("contact-sheets", c.contact_sheets, "folder for pictures of every action unit, emotion and pain sequence");
  f.group("Machine");
  f.add("threads", sets.threads, "0: one for each core; the pictures are the same for any number").between(0, 1024);
  f.check_together([&c] {
    if (c.sets.folder.empty() && c.contact_sheets.empty())
      throw Error("draw-faces was not told where to write", "give --out FOLDER, or --contact-sheets FOLDER");
  });
}

void run_draw_faces(const DrawFacesCommand& command) {
  if (!command.sets.folder.empty()) drawn::draw_sets(command.sets);
  if (!command.contact_sheets.empty()) drawn::write_contact_sheets(command.contact_sheets, command.sets.seed);
}

Command draw_faces_command() {
  return make_command("draw-faces", "Drawn AffectNet, UNBC and CK+ sets, in their own layouts",
                      "Example:\n"
                      "  palimpsest draw-faces --out faces --seed 1 --contact-sheets faces/sheets\n"
                      "then --data affectnet:faces/affectnet, unbc:faces/unbc, ckplus:faces/ckplus",
                      run_draw_faces);
}

}  // namespace palimpsest
