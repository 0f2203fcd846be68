#pragma once
#include <map>
#include <string>

#include "base/files.h"

// STUDY/timing.jsonl: one line {"step", "seconds"} per step run. It and the timing.jsonl of each training run are the
// only files of the study folder with wall-clock times.
namespace palimpsest::experiments {

void append_step_time(const fs::path& study, const std::string& step, double seconds);

// Mean seconds per kind of step (the part of its name before the first '-'). Unreadable lines are ignored.
std::map<std::string, double> mean_step_times(const fs::path& study);

}  // namespace palimpsest::experiments
