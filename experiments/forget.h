#pragma once
#include "experiments/settings/settings.h"
#include "experiments/study/emotion_units.h"

namespace palimpsest::experiments {

// The page of a study for two networks of the user's own: the same steps, without the training.
struct ForgetCommand {
  fs::path before = option(before, "before", {}, "weights of the network before a training", heading("Networks"),
                           required, names_content);
  fs::path after = option(after, "after", {}, "weights of the network after it; both may have any head, or none",
                          required, names_content);
  DataSettings data = in_table<DataSettings>("", {"part", "bottom-cut", "class-names", "skipped", "cache"});
  std::string concepts =
      option(concepts, "concepts", {},
             "images of concepts: ckplus:DIR for its action units, or DATA,LABELS.csv with the columns id and one per "
             "concept (1, 0)",
             heading("Concepts"), names_content);
  std::vector<Hypothesis> hypotheses =
      option(hypotheses, "hypotheses", {}, "a class and a concept declared beforehand, each as one word: \"cat ears\"");
  fs::path pairs = option(pairs, "pairs", {},
                          "folder with pictures with and without an action unit (draw-faces --pairs)", names_content);
  ConceptSettings concept_test = in_table<ConceptSettings>("", {"seed"});
  RelevanceSettings relevance;
  int images = option(images, "images", 12, "explained images of each class, a random sample; 0: all", at_least(0));
  std::string noun = option(noun, "noun", "class", "what a class is called on the page", heading("Output"));
  std::string concept_noun =
      option(concept_noun, "concept-noun", "", "and a concept (default: action unit with ckplus:, else concept)");
  fs::path out = option(out, "out", {}, "folder; an unfinished comparison resumes", required, of_this_call);
  std::vector<std::string> redo =
      option(redo, "redo", {}, "steps to repeat, with all that depend on them", of_this_call);
  std::uint64_t seed = option(seed, "seed", 1, "of the folds and samples");
  MachineSettings on;

  ForgetCommand();
};
void settle(ForgetCommand& command, const std::set<std::string>& given);
void run_forget(const ForgetCommand& command);

}  // namespace palimpsest::experiments
