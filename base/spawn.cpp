#include "base/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>

extern char** environ;

namespace palimpsest {

namespace {

constexpr std::size_t kMostOutput = 4096;

// The process, killed if it still runs.
struct Process {
  pid_t id = -1;
  int output = -1;
  ~Process() {
    if (output >= 0) ::close(output);
    if (id <= 0) return;
    ::kill(id, SIGKILL);
    ::waitpid(id, nullptr, 0);
  }
};

// Its standard output until it ends; nothing after `seconds`.
std::optional<std::string> output_of(const Process& process, int seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::string text;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd wait{process.output, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&wait, 1, int(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    std::array<char, kMostOutput> bytes{};
    const ssize_t got = ::read(process.output, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(bytes.data(), std::min(std::size_t(got), kMostOutput - text.size()));
  }
}

}  // namespace

Spawned spawn(const std::vector<std::string>& command, int seconds, bool errors) {
  std::vector<const char*> arguments;
  for (const std::string& word : command) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {Spawned::End::not_started, 0, {}, std::strerror(errno)};
  Process process{-1, ends[0]};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  if (errors) ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  const int problem =
      ::posix_spawnp(&process.id, arguments[0], &actions, nullptr, const_cast<char**>(arguments.data()), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (problem != 0) {
    process.id = -1;
    return {Spawned::End::not_started, 0, {}, std::strerror(problem)};
  }
  auto text = output_of(process, seconds);
  if (!text) return {Spawned::End::too_slow, 0, {}, fmt::format("it did not end within {} s", seconds)};
  int status = 0;
  while (::waitpid(process.id, &status, 0) < 0 && errno == EINTR) continue;
  process.id = -1;
  if (WIFSIGNALED(status))
    return {Spawned::End::signalled, WTERMSIG(status), std::move(*text),
            fmt::format("it ended with signal {}", WTERMSIG(status))};
  return {Spawned::End::exited, WEXITSTATUS(status), std::move(*text)};
}

}  // namespace palimpsest
