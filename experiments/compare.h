#pragma once
#include "experiments/settings/fields.h"

namespace palimpsest {

struct CompareCommand {
  fs::path a, b, out;
  std::string only_class;
};
void describe(Fields& fields, CompareCommand& command);
void run_compare(const CompareCommand& command);

}  // namespace palimpsest
