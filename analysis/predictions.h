#pragma once
#include <string>
#include <vector>

#include "analysis/metrics.h"
#include "base/files.h"

namespace palimpsest {

// What a model said about each image of a test set. As a file: CSV with the header `id,label,predicted,p0,p1,...`.
struct Predictions {
  fs::path path;  // where it was read, for messages
  int classes = 0;
  std::vector<std::string> ids;      // one per image, each once
  std::vector<int> labels;           // true class, in [0, classes)
  std::vector<int> predicted;        // in [0, classes)
  std::vector<float> probabilities;  // images x classes, in [0, 1]

  std::size_t size() const { return ids.size(); }
};

// Throws Error naming file and row when the header is another, a number is broken, a class or a probability out of its
// range, or an id occurs twice.
Predictions read_predictions(const fs::path& path);

// Written so that reading gives the same bits. requires: what read_predictions checks
void write_predictions(const fs::path& path, const Predictions& predictions);

ConfusionMatrix confusion_matrix(const Predictions& predictions);

}  // namespace palimpsest
