#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <set>

namespace palimpsest {

namespace {
bool silent_mode = false;
std::atomic<const void*> shown_now{nullptr};  // of tasks that run beside each other the line shows one
bool terminal() {
  static const bool result = ::isatty(STDERR_FILENO) == 1;
  return result;
}
}  // namespace

bool Progress::silenced() {
  return silent_mode;
}
void Progress::silence(bool silent) {
  silent_mode = silent;
}

void remark(std::string_view line) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> printed;
  const std::lock_guard lock(mutex);
  if (silent_mode || !printed.emplace(line).second) return;
  std::fputs(fmt::format("{}{}\n", terminal() ? "\r\033[K" : "", line).c_str(), stderr);
}

std::string duration_text(double seconds) {
  const auto s = std::llround(seconds);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

Progress::Progress(std::string task, std::int64_t total)
    : task_(std::move(task)), total_(total), start_(std::chrono::steady_clock::now()), last_(start_) {}

Progress::~Progress() {
  const void* self = this;
  shown_now.compare_exchange_strong(self, nullptr);
  if (shown_ && terminal()) std::fputs("\r\033[K", stderr);
}

void Progress::advance(std::int64_t done, std::string_view note) {
  done_ += done;
  const auto now = std::chrono::steady_clock::now();
  using namespace std::chrono_literals;
  if (silent_mode || now - start_ < 2s) return;
  if (now - last_ < (terminal() ? 200ms : 30s)) return;
  last_ = now;
  const void* shown = nullptr;
  if (!shown_now.compare_exchange_strong(shown, this) && shown != this) return;
  show(note);
}

void Progress::show(std::string_view note) {
  shown_ = true;
  const double elapsed = std::chrono::duration<double>(last_ - start_).count();
  const double left = done_ ? elapsed * double(total_ - done_) / double(done_) : 0;
  const auto text = fmt::format("{}: {} of {} ({:.0f} %), {} left{}{}", task_, done_, total_,
                                100.0 * double(done_) / double(total_ ? total_ : 1), duration_text(left),
                                note.empty() ? "" : ", ", note);
  fmt::print(stderr, "{}{}{}", terminal() ? "\r\033[K" : "", text, terminal() ? "" : "\n");
  std::fflush(stderr);
}

}  // namespace palimpsest
