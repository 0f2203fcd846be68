#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest::experiments {

// One step of a study. It owns the folder STUDY/NAME with all its files; the folder is removed before the step is
// run again.
struct Step {
  std::string name;   // also its folder: "pain-b3"; the part before the first '-' is its kind
  std::string title;  // for the user: "pain model, 3 blocks frozen"
  // Everything that the result depends on except files of other steps: options and fingerprints of data, as text.
  std::map<std::string, std::string> inputs;
  std::vector<std::string> reads;   // files of earlier steps, below the study: "emotion/weights.safetensors"
  std::vector<std::string> writes;  // files it leaves, below its own folder
  // Writes the files in its folder. May be called again after being killed, with its partial results in place, and must
  // then give the same bits.
  std::function<void(const fs::path& folder)> run;
  bool quick = false;  // takes almost no time: not included in the estimate
};

// A study as steps, each of which reads files of earlier ones. STUDY/NAME/state.json records what a step was run with
// (its inputs, and the SHA-256 of each file read) and what it wrote (SHA-256 and size); it is written before the step
// starts and again when it has finished, so that it always shows which steps are complete. It contains no times: two
// runs of one study give the same bytes. Times go to STUDY/timing.jsonl.
class StepGraph {
 public:
  // requires: names are unique, every file read is written by an earlier step
  StepGraph(fs::path study, std::vector<Step> steps, bool quiet = false);

  // Discards steps, and all that depend on them. A name is a step's ("pain-b3") or a kind ("pain": all of these).
  // Throws Error listing the steps when it is neither.
  void redo(const std::vector<std::string>& names);

  // Runs the unfinished steps, each after those whose files it reads, otherwise in order and up to `together` at a
  // time, each of them on a thread that may use `threads`. An exception of a step, Interrupted included, is rethrown
  // when those beside it have ended. Throws Error, before running anything, when a step that was started or finished
  // would now be run with other inputs or has lost a file: the message names the step and the change, the remedy is
  // --redo.
  void run(int together = 1, int threads = 0);

  // Throws the Error that run() would throw before running anything.
  void refuse_changes() const;

  std::vector<std::string> step_names() const;
  std::vector<std::string> finished() const;  // names of the steps that need not be run

 private:
  struct State;
  using Change = std::string;  // the difference as a clause; empty: none

  const Step* find(std::string_view name) const;
  fs::path folder(const Step& step) const { return study_ / step.name; }
  State read_state(const Step& step) const;
  void write_state(const Step& step, const State& state) const;
  std::map<std::string, std::string> current_inputs(const Step& step) const;
  Change change_of(const Step& step, const State& state) const;
  void run_step(const Step& step, std::size_t number, std::unique_lock<std::mutex>& lock);
  std::string time_left() const;

  fs::path study_;
  std::vector<Step> steps_;
  bool quiet_;
  int together_ = 1;
};

}  // namespace palimpsest::experiments
