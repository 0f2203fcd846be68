#pragma once
#include <string>
#include <vector>

#include "analysis/metrics.h"
#include "base/files.h"

namespace palimpsest::analysis {

// A model's predictions for a test set. As a file: CSV with the header `id,label,predicted,p0,p1,...`, and if classes
// have names `label_name,predicted_name` at the end.
struct Predictions {
  fs::path path;  // where it was read, for messages
  int classes = 0;
  std::vector<std::string> ids;         // one per image, each once
  std::vector<int> labels;              // true class, in [0, classes)
  std::vector<int> predicted;           // in [0, classes)
  std::vector<float> probabilities;     // images x classes, in [0, 1]
  std::vector<std::string> names = {};  // of the classes; empty or missing: not known

  std::size_t size() const { return ids.size(); }
  std::string name_of(int index) const;  // its name, or its number
};

// Probabilities beyond 0 or 1 by no more than rounding are clamped. The file lacks the names of classes that are
// neither label nor prediction of any image. Throws Error naming file and row when the header is wrong, a number is
// invalid, a class or a probability out of range, a class has two names or two classes have one, or an id occurs twice.
Predictions read_predictions(const fs::path& path);

// Reading gives the same bits. requires: what read_predictions checks
void write_predictions(const fs::path& path, const Predictions& predictions);

ConfusionMatrix confusion_matrix(const Predictions& predictions);

}  // namespace palimpsest::analysis
