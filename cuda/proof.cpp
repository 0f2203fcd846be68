#include "cuda/proof.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/hash64.h"
#include "base/json.h"

extern char** environ;

namespace palimpsest {

namespace {

constexpr const char* kProgram = "palimpsest_gpu_self_test";  // cuda/self_test_main.cpp

// What a run of the program found; without a verdict it could not find out.
struct Outcome {
  bool conclusive = false;
  std::string refusal;
};

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
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(process.output, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    if (text.size() < 4096) text.append(bytes.data(), std::size_t(got));
  }
}

Outcome run(const ProofRequest& request) {
  const char* const named = std::getenv("PALIMPSEST_SELF_TEST_PROGRAM");  // for tests
  const std::string program = named ? named : (request.library.parent_path() / kProgram).string();
  const std::string library = request.library.string(), gpu = std::to_string(request.gpu),
                    precision = word_of(request.precision);
  std::array<const char*, 5> arguments{program.c_str(), library.c_str(), gpu.c_str(), precision.c_str(), nullptr};
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {false, std::strerror(errno)};
  Process process{-1, ends[0]};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int problem =
      ::posix_spawn(&process.id, program.c_str(), &actions, nullptr, const_cast<char**>(arguments.data()), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (problem != 0) {
    process.id = -1;
    return {false, fmt::format("{}: {}", program, std::strerror(problem))};
  }
  const auto text = output_of(process, request.seconds);
  if (!text) return {true, fmt::format("the self-test did not end within {} s", request.seconds)};
  int status = 0;
  while (::waitpid(process.id, &status, 0) < 0 && errno == EINTR) continue;
  process.id = -1;
  if (WIFSIGNALED(status)) return {true, fmt::format("the self-test ended with signal {}", WTERMSIG(status))};
  const std::string line = text->substr(0, text->find('\n'));
  switch (WEXITSTATUS(status)) {
    case 0:
      return {true, {}};
    case 1:
      return {true, line};
    default:
      return {false, line.empty() ? fmt::format("the self-test ended with exit code {}", WEXITSTATUS(status)) : line};
  }
}

fs::path cache_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache) return fs::path(cache) / "palimpsest";
  const char* const home = std::getenv("HOME");
  return home && *home ? fs::path(home) / ".cache" / "palimpsest" : fs::path{};
}

}  // namespace

SelfTest self_test_wanted() {
  const char* const variable = std::getenv("PALIMPSEST_SELF_TEST");
  const std::string wanted = variable ? variable : "";
  if (wanted.empty()) return {};
  if (wanted == "off") return {SelfTest::nowhere, false};
  if (wanted == "on") return {SelfTest::everywhere, false};
  if (wanted == "strict") return {SelfTest::gpus, true};
  if (wanted == "on,strict") return {SelfTest::everywhere, true};
  throw Error(fmt::format("PALIMPSEST_SELF_TEST={} is not known", wanted),
              "set it to on, strict, on,strict or off, or unset it");
}

std::string refusal_of_tiled_kernels(const ProofRequest& request) {
  const std::string build = fmt::format("{:016x}", Hash64().add(read_file(request.library)).value());
  const Json key{{"gpu", request.identity}, {"build", build}, {"precision", word_of(request.precision)}};
  const fs::path folder = cache_folder();
  const fs::path file =
      folder.empty() ? fs::path{} : folder / fmt::format("kernels-{:016x}.json", Hash64().add(key.dump()).value());
  const auto told = [&](const std::string& refusal) {
    return refusal.empty() || file.empty() ? refusal
                                           : fmt::format("{} (remove {} to test again)", refusal, file.string());
  };
  try {
    if (!file.empty() && fs::exists(file)) {
      const Json kept = Json::parse(read_file(file, 1 << 20));
      if (kept.at("key") == key) return told(kept.at("refusal").get<std::string>());
    }
  } catch (const std::exception&) {  // damaged: written again
  }
  const Outcome outcome = run(request);
  if (!outcome.conclusive) return outcome.refusal;
  try {
    if (!file.empty()) {
      create_folder(folder);
      write_file(file, Json{{"key", key}, {"refusal", outcome.refusal}}.dump(1) + "\n");
    }
  } catch (const Error&) {  // a cache that cannot be written costs seconds, nothing else
    return outcome.refusal;
  }
  return told(outcome.refusal);
}

}  // namespace palimpsest
