#pragma once
#include "experiments/settings/fields.h"

namespace palimpsest {

struct ReportCommand {
  fs::path study;
};
void describe(Fields& fields, ReportCommand& command);
void run_report(const ReportCommand& command);

}  // namespace palimpsest
