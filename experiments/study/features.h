#pragma once
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

}  // namespace palimpsest::experiments
