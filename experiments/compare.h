#pragma once
#include "experiments/settings/fields.h"

namespace palimpsest::experiments {

struct CompareCommand {
  fs::path a = option(a, "a", {}, "predictions of the first model (CSV, from evaluate)", heading("Data"), required);
  fs::path b = option(b, "b", {}, "predictions of the second model", required);
  std::string only_class =
      option(only_class, "class", {}, "only images of this true class, by number or name (default: all)");
  fs::path out = option(out, "out", {}, "JSON with b, c and the p-values", heading("Output"), required);
};
void run_compare(const CompareCommand& command);

}  // namespace palimpsest::experiments
