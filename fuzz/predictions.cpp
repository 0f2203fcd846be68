#include "analysis/predictions.h"

#include "fuzz/harness.h"

// Read, written and read again, they are the same.
void palimpsest::fuzz::target(std::string_view bytes) {
  const analysis::Predictions read = analysis::read_predictions(as_file(bytes));
  for (std::size_t i = 0; i < read.size(); ++i)
    PALIMPSEST_REQUIRE(read.labels[i] >= 0 && read.labels[i] < read.classes && read.predicted[i] >= 0 &&
                           read.predicted[i] < read.classes,
                       "row {}", i);
  for (const float p : read.probabilities) PALIMPSEST_REQUIRE(p >= 0 && p <= 1, "{}", p);
  analysis::confusion_matrix(read);
  const fs::path copy = as_file({}, "copy");
  analysis::write_predictions(copy, read);
  const analysis::Predictions again = analysis::read_predictions(copy);
  PALIMPSEST_REQUIRE(again.ids == read.ids && again.labels == read.labels && again.predicted == read.predicted &&
                         again.probabilities == read.probabilities && again.names == read.names,
                     "copy");
}
