#pragma once
#include <sys/types.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "base/files.h"

// Runs the real program as a user would, in a separate process.
namespace palimpsest {

struct Outcome {
  int status = 0;      // exit code; 128 + signal where a signal ended it
  std::string output;  // standard output
  std::string errors;  // standard error

  // The error lines on standard error: "palimpsest: <problem>; <remedy>".
  std::vector<std::string> complaints() const;
};

struct Circumstances {
  fs::path folder = {};              // working folder; empty: this one
  std::int64_t largest_file = -1;    // bytes (RLIMIT_FSIZE); -1: any
  std::int64_t largest_memory = -1;  // bytes (RLIMIT_AS)
  fs::path standard_output = {};     // instead of being collected
  bool as_nobody = false;            // drops root's rights, for which no folder is read-only
};

// A running program. The destructor ends it with SIGKILL if it was not waited for.
class RunningProgram {
 public:
  RunningProgram(const std::vector<std::string>& arguments, const Circumstances& circumstances);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void signal(int number) const;
  Outcome wait();

 private:
  fs::path output_, errors_;
  pid_t pid_ = -1;
};

Outcome run_program(const std::vector<std::string>& arguments, const Circumstances& circumstances = {});

// Passes when the program failed with exit code 1 and exactly one error line, which contains all of `parts` (the file
// or option at fault) and, after "; ", a remedy.
void expect_refused(const Outcome& outcome, std::initializer_list<std::string> parts);

// The files of a folder, remembered byte for byte.
class UntouchedFiles {
 public:
  explicit UntouchedFiles(fs::path folder);
  void expect_untouched() const;  // no file of then has changed or gone, and no temporary file is left

 private:
  std::vector<std::pair<fs::path, std::string>> contents() const;
  fs::path folder_;
  std::vector<std::pair<fs::path, std::string>> before_;
};

}  // namespace palimpsest
