#pragma once
#include "analysis/probe.h"
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

// The block-5 features of one part of a data set, for linear probes: FEATURES.npy, float32 (images, features), and
// IDS.csv, `id,label` with the data's own labels. The weights' head is not used. pool: the mean over the positions of
// each channel, instead of all of them.
struct FeatureFiles {
  fs::path features, ids;
};
void write_features(const fs::path& weights, const DataSettings& data, const MachineSettings& on, bool pool,
                    const FeatureFiles& files);

struct Features {
  std::vector<float> values;  // images x columns
  int columns = 0;
  std::vector<int> labels;
  std::vector<std::string> ids;
};
Features read_features(const FeatureFiles& files);  // throws Error when the files do not fit each other

// The scores that a probe gave the test images: FOLDER/log_odds.npy, float32 (images, emotions).
void write_log_odds(const fs::path& folder, const Eigen::MatrixXd& odds);
int decision(const Eigen::MatrixXd& odds, std::ptrdiff_t row);  // the column of the largest
Eigen::MatrixXd read_log_odds(const fs::path& folder);          // throws Error for another shape than that of a matrix

}  // namespace palimpsest::experiments
