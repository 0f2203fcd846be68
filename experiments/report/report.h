#pragma once
#include "experiments/settings/fields.h"

namespace palimpsest::experiments {

struct ReportCommand {
  fs::path study = option(study, "STUDY", {}, "folder of a finished study", argument);
};
void run_report(const ReportCommand& command);

}  // namespace palimpsest::experiments
