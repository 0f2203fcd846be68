#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nn/weights.h"

namespace palimpsest {

// Where a training run stands after an epoch.
struct Progression {
  int epochs = 0;  // finished
  std::int64_t steps = 0;
  double best_loss = 0;  // validation; meaningless before the first epoch
  int best_epoch = 0;    // counted from 1; 0: none
  bool finished = false;
  std::uint64_t metrics_bytes = 0;  // length of metrics.jsonl that goes with it
  int planned = 0;                  // how many epochs the run was to have; 0: not known
};

// A folder that holds one training run:
//   config.toml          every option that the run was started with
//   metrics.jsonl        a line per epoch;  timing.jsonl  all wall-clock figures
//   weights.safetensors  the epoch of lowest validation loss, the last where nothing is validated
//   last.safetensors     the last finished epoch, with the progression in its metadata; momentum-E.safetensors beside
//   it, also when the run is finished, so that it can go on with more epochs
// Killed at any moment, it can be opened again and stands where the last finished epoch left it.
class RunFolder {
 public:
  // The first option in which two configurations of a run differ, as "'a' there, 'b' now"; empty: they agree.
  using Difference = std::function<std::string(const std::string& earlier, const std::string& now)>;
  static std::string difference_of_texts(const std::string& earlier, const std::string& now);

  // `config` is compared with an earlier one there, and replaces it: Error when the run has begun with other options.
  RunFolder(fs::path folder, const std::string& config, bool resume,
            const Difference& difference = difference_of_texts);

  const fs::path& path() const { return folder_; }
  // The last finished epoch, loaded into the network (and velocities); nothing when the run starts anew. Velocities
  // that were not kept stay as they are: see momentum_lost().
  std::optional<Progression> resume(Network& network, const std::vector<Tensor>& velocities);
  bool momentum_lost() const { return momentum_lost_; }
  // Once the run is known to go on with options that differ where they may (more epochs).
  void keep_changed_config();

  void append_metrics(const std::string& json_line);
  void append_timing(const std::string& json_line);
  void save(Network& network, const std::vector<Tensor>& velocities, Progression at, bool best,
            const ModelNotes& notes);

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

}  // namespace palimpsest
