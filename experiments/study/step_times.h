#pragma once
#include <map>
#include <string>

#include "base/files.h"

// STUDY/timing.jsonl: one line {"step", "seconds"} for each step that was run. The only place of the study folder, with
// the timing.jsonl of each training run, that holds wall-clock times.
namespace palimpsest {

void append_step_time(const fs::path& study, const std::string& step, double seconds);

// Mean seconds per kind of step (the part of its name before the first '-'). Lines that cannot be read are passed over.
std::map<std::string, double> mean_step_times(const fs::path& study);

}  // namespace palimpsest
