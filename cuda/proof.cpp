#include "cuda/proof.h"

#include <cstdlib>

#include "base/error.h"
#include "base/files.h"
#include "base/hash64.h"
#include "base/json.h"
#include "base/spawn.h"

namespace palimpsest {

namespace {

constexpr const char* kProgram = "palimpsest_gpu_self_test";  // cuda/self_test_main.cpp

// What a run of the program found; without a verdict it could not find out.
struct Outcome {
  bool conclusive = false;
  std::string refusal;
};

Outcome run(const ProofRequest& request) {
  const char* const named = std::getenv("PALIMPSEST_SELF_TEST_PROGRAM");  // for tests
  const std::string program = named ? named : (request.library.parent_path() / kProgram).string();
  const Spawned test = spawn({program, request.library.string(), std::to_string(request.gpu),
                              word_of(request.precision), word_of(request.kernels)},
                             request.seconds);
  const std::string line = test.output.substr(0, test.output.find('\n'));
  switch (test.end) {
    case Spawned::End::not_started:
      return {false, fmt::format("{}: {}", program, test.problem)};
    case Spawned::End::too_slow:
      return {true, fmt::format("the self-test did not end within {} s", request.seconds)};
    case Spawned::End::signalled:
      return {true, fmt::format("the self-test ended with signal {}", test.number)};
    case Spawned::End::exited:
      break;
  }
  if (test.number == 0) return {true, {}};
  if (test.number == 1) return {true, line};
  return {false, line.empty() ? fmt::format("the self-test ended with exit code {}", test.number) : line};
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

std::string refusal_of_kernels(const ProofRequest& request) {
  const std::string build = fmt::format("{:016x}", Hash64().add(read_file(request.library)).value());
  const Json key{{"gpu", request.identity},
                 {"build", build},
                 {"precision", word_of(request.precision)},
                 {"kernels", word_of(request.kernels)}};
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
