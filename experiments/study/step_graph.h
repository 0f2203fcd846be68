#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest {

// One step of a study. It owns the folder STUDY/NAME: everything it makes lies there, and running it again means
// removing that folder first.
struct Step {
  std::string name;   // also its folder: "pain-b3"; the part before the first '-' is its kind
  std::string title;  // for the user: "pain model, 3 blocks frozen"
  // Everything but files of other steps that the result depends on: options and fingerprints of data, as text.
  std::map<std::string, std::string> inputs;
  std::vector<std::string> reads;   // files of earlier steps, below the study: "emotion/weights.safetensors"
  std::vector<std::string> writes;  // files it leaves, below its own folder
  // Makes the files in its folder. May be called again after having been killed halfway, with what it left in place,
  // and must then end in the same bits.
  std::function<void(const fs::path& folder)> run;
  bool quick = false;  // takes next to no time: left out of the time that is announced
};

// A study as steps, each of which reads files of earlier ones. STUDY/NAME/state.json says what a step was run with (its
// inputs, and the SHA-256 of each file read) and what it wrote (SHA-256 and size); it is written before the step starts
// and again when it has ended, so that at any moment it is known which steps are whole. No times are in it: two runs of
// one study end in the same bytes. Times go to STUDY/timing.jsonl.
class StepGraph {
 public:
  // requires: names are unique, every file read is written by an earlier step
  StepGraph(fs::path study, std::vector<Step> steps, bool quiet = false);

  // Forgets steps, and all that follow from them. A name is a step's ("pain-b3") or a kind ("pain": all of these).
  // Throws Error listing the steps when it is neither.
  void redo(const std::vector<std::string>& names);

  // Runs what is not finished, in order. Throws Error, before anything is run, when a step that was started or finished
  // would now be run with other inputs or has lost a file: the message names the step and what changed, the remedy is
  // --redo.
  void run();

  // Throws the Error that run() would throw before running anything.
  void refuse_changes() const;

  std::vector<std::string> step_names() const;
  std::vector<std::string> finished() const;  // names of the steps that need not be run

 private:
  struct State;
  using Change = std::string;  // what differs, as a clause; empty: nothing

  const Step* find(std::string_view name) const;
  fs::path folder(const Step& step) const { return study_ / step.name; }
  State read_state(const Step& step) const;
  void write_state(const Step& step, const State& state) const;
  std::map<std::string, std::string> current_inputs(const Step& step) const;
  Change change_of(const Step& step, const State& state) const;
  void run_step(const Step& step, std::size_t number);
  std::string time_left(std::size_t from) const;

  fs::path study_;
  std::vector<Step> steps_;
  bool quiet_;
};

}  // namespace palimpsest
