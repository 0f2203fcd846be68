#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest {

struct ExplainCommand : RelevanceSettings {
  MachineSettings on;
  DataSettings data;
  fs::path weights, minus;
  std::vector<std::string> ids;
  std::string target = "true";
  bool sum_channels = false;
  fs::path maps, ledger, pictures, masks;
  int batch = 16;
};
void describe(Fields& fields, ExplainCommand& command);
void run_explain(const ExplainCommand& command);

}  // namespace palimpsest
