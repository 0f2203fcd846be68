#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace palimpsest {

// One line on standard error with a task's progress and remaining time. Nothing is shown in the first two seconds. On a
// terminal the line is redrawn in place; otherwise (a log file) a line is written every 30 seconds.
class Progress {
 public:
  Progress(std::string task, std::int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t done = 1, std::string_view note = {});  // `note`: a few words, for instance the loss
  static void silence(bool silent);                                 // --quiet; remarks too
  static bool silenced();

 private:
  void show(std::string_view note);
  std::string task_;
  std::int64_t total_, done_ = 0;
  std::chrono::steady_clock::time_point start_, last_;
  bool shown_ = false;
};

// One line on standard error that is not an error: what was skipped, what was taken from a file. Each line is printed
// only once per program run.
void remark(std::string_view line);

std::string duration_text(double seconds);  // "3 s", "2 min 5 s", "1 h 10 min"

}  // namespace palimpsest
