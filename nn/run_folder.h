#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nn/weights.h"

namespace palimpsest::nn {

// The progress of a training run after an epoch.
struct Progression {
  int epochs = 0;  // finished
  std::int64_t steps = 0;
  double best_loss = 0;  // validation; meaningless before the first epoch
  int best_epoch = 0;    // with that loss, counted from 1; 0: none
  bool finished = false;
  std::uint64_t metrics_bytes = 0;  // length of metrics.jsonl that goes with it
  int planned = 0;                  // the planned number of epochs; 0: not known
  int kept_epoch = 0;               // whose weights the run keeps so far; 0: none
  double kept_score = 0;            // its Validation::score
};

// A folder that holds one training run:
//   config.toml          every option that the run was started with
//   metrics.jsonl        one line per epoch;  timing.jsonl  all wall-clock figures
//   weights.safetensors  the epoch that is kept: of a run that keeps its last one, only once it is finished
//   last.safetensors     the last finished epoch, with the progression in its metadata; momentum-E.safetensors beside
//   it, also for a finished run, so that it can continue with more epochs: the momentum, and the head rehearsed with
// If killed at any moment, it can be reopened in the state of the last finished epoch.
class RunFolder {
 public:
  // The first option in which two configurations of a run differ, as "'a' there, 'b' now"; empty: they agree.
  using Difference = std::function<std::string(const std::string& earlier, const std::string& now)>;
  static std::string difference_of_texts(const std::string& earlier, const std::string& now);

  // Compares `config` with an earlier one and replaces it. Throws Error when the run was started with other options.
  RunFolder(fs::path folder, const std::string& config, bool resume,
            const Difference& difference = difference_of_texts);

  const fs::path& path() const { return folder_; }
  // The last finished epoch, loaded into the network (and `beside`, the run's other tensors); nothing for a new run. If
  // the others were not saved they are left unchanged: see momentum_lost().
  std::optional<Progression> resume(Network& network, const std::vector<Tensor>& beside);
  bool momentum_lost() const { return momentum_lost_; }
  // For a run that continues with permitted changes of its options (more epochs).
  void keep_changed_config();

  void append_metrics(const std::string& json_line);
  void append_timing(const std::string& json_line);
  void save(Network& network, const std::vector<Tensor>& beside, Progression at, bool keep, const ModelNotes& notes);

 private:
  void append(const char* name, const std::string& line);
  void cut(const char* name, std::uint64_t bytes);
  void cut_lines(const char* name, int lines);
  void remove_momentum_but(int epoch);
  fs::path momentum_file(int epoch) const;
  fs::path folder_;
  std::string changed_config_;
  bool momentum_lost_ = false;
};

}  // namespace palimpsest::nn
