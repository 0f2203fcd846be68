#include "base/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>
#include <new>
#include <vector>

#include "base/error.h"

namespace palimpsest {

namespace {

// The child writes frames: a tag, a length, and as many bytes. The last one has the tag `end` or `error`.
enum Tag : std::uint32_t { data = 0x61746164, end = 0x20646e65, error = 0x6f727265 };
struct Frame {
  std::uint32_t tag = end, length = 0;
};
constexpr std::size_t kMostInFrame = 1 << 20;

void write_all(int to, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(to, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(1);  // the reading end is closed
    bytes += written;
    count -= std::size_t(written);
  }
}
void write_frame(int to, Tag tag, std::span<const char> bytes) {
  const Frame frame{tag, std::uint32_t(bytes.size())};
  write_all(to, reinterpret_cast<const char*>(&frame), sizeof frame);
  write_all(to, bytes.data(), bytes.size());
}

// False at the end of the pipe.
bool read_all(int from, char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t got = ::read(from, bytes, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    count -= std::size_t(got);
  }
  return true;
}

std::uint64_t address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * std::uint64_t(::sysconf(_SC_PAGE_SIZE));
}

void limit(int what, std::uint64_t most) {
  rlimit now{};
  if (::getrlimit(__rlimit_resource_t(what), &now) != 0) return;
  now.rlim_cur = std::min<rlim_t>(now.rlim_max, rlim_t(most));
  ::setrlimit(__rlimit_resource_t(what), &now);
}

[[noreturn]] void be_the_child(int to, const ChildLimits& limits, std::uint64_t space,
                               const std::function<void(const ByteSink&)>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGINT, SIG_IGN);  // the parent handles Ctrl-C
  for (const int fatal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM, SIGPIPE}) ::signal(fatal, SIG_DFL);
  if (const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC); nowhere >= 0) {
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
  }
  limit(RLIMIT_AS, space + limits.memory);
  limit(RLIMIT_CPU, std::uint64_t(limits.cpu_seconds));
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CORE, 0);
  try {
    work([to](std::span<const char> bytes) {
      for (std::size_t at = 0; at < bytes.size(); at += kMostInFrame)
        write_frame(to, data, bytes.subspan(at, std::min(kMostInFrame, bytes.size() - at)));
    });
    write_frame(to, end, {});
  } catch (const Error& problem) {
    const std::string text = std::string(problem.what()) + '\0' + problem.remedy();
    write_frame(to, error, text);
  } catch (const std::bad_alloc&) {
    ::_exit(2);
  } catch (...) {
    ::_exit(3);
  }
  ::_exit(0);
}

std::string reason_of(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    if (number == SIGXCPU) return "it takes too long";
    return fmt::format("signal {}, {}", number, ::strsignal(number));
  }
  return WEXITSTATUS(status) == 2 ? "it takes too much memory" : fmt::format("exit code {}", WEXITSTATUS(status));
}

// The reading end, and the process, which is waited for.
struct Child {
  int from = -1;
  pid_t process = -1;
  int wait() {
    int status = 0;
    while (process > 0 && ::waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
    process = -1;
    return status;
  }
  ~Child() {
    if (from >= 0) ::close(from);
    if (process > 0) ::kill(process, SIGKILL);
    wait();
  }
};

}  // namespace

void run_in_child(const ChildLimits& limits, const std::function<void(const ByteSink&)>& work, const ByteSink& sink,
                  const std::function<void(const std::string& reason)>& died) {
  std::array<int, 2> ends{};
  const std::uint64_t space = address_space();
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(fmt::format("no pipe to a child process: {}", std::strerror(errno)), "close other programs");
  Child child{ends[0], ::fork()};
  if (child.process == 0) {
    ::close(ends[0]);
    be_the_child(ends[1], limits, space, work);
  }
  const int problem = errno;
  ::close(ends[1]);
  if (child.process < 0)
    throw Error(fmt::format("no child process: {}", std::strerror(problem)), "close other programs");
  std::vector<char> bytes;
  for (Frame frame; read_all(child.from, reinterpret_cast<char*>(&frame), sizeof frame);) {
    if (frame.length > kMostInFrame) break;
    bytes.resize(frame.length);
    if (!read_all(child.from, bytes.data(), bytes.size())) break;
    if (frame.tag == data) {
      sink(bytes);
      continue;
    }
    child.wait();
    if (frame.tag == end) return;
    const std::string text(bytes.begin(), bytes.end());
    const auto zero = text.find('\0');
    throw Error(text.substr(0, zero), zero == std::string::npos ? "" : text.substr(zero + 1));
  }
  died(reason_of(child.wait()));
}

}  // namespace palimpsest
