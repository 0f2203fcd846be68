#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest {

struct ConceptCommand : ConceptSettings {
  std::vector<fs::path> features;
  fs::path labels, groups, out;
  int threads = 0;
};
void describe(Fields& fields, ConceptCommand& command);
void run_concept(const ConceptCommand& command);

}  // namespace palimpsest
