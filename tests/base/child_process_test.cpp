#include "base/child_process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <vector>

#include "base/error.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

// What arrives; "died: REASON" if the child does.
std::string run(const std::function<void(const ByteSink&)>& work, const ChildLimits& limits = {}) {
  std::string got;
  try {
    run_in_child(
        limits, work, [&](std::span<const char> bytes) { got.append(bytes.begin(), bytes.end()); },
        [](const std::string& reason) { throw Error("died: " + reason, "none"); });
  } catch (const Error& error) {
    return error.what() + std::string("; ") + error.remedy();
  }
  return got;
}

TEST(ChildProcess, BytesArriveInTheirOrder) {
  std::string many(5'000'001, ' ');
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = char(i * 7 % 251);
  EXPECT_EQ(run([&](const ByteSink& sink) {
              sink(many);
              sink({});
              sink(std::string("end"));
            }),
            many + "end");
  EXPECT_EQ(run([](const ByteSink&) {}), "");
}

TEST(ChildProcess, ItsMemoryIsItsOwn) {
  int value = 1;
  run([&](const ByteSink&) { value = 2; });
  EXPECT_EQ(value, 1);
}

TEST(ChildProcess, ErrorsArrive) {
  EXPECT_EQ(run([](const ByteSink& sink) {
              sink(std::string("some"));
              throw Error("x.h5 is broken", "copy it again");
            }),
            "x.h5 is broken; copy it again");
  EXPECT_EQ(run([](const ByteSink&) { throw 1; }), "died: exit code 3; none");
}

TEST(ChildProcess, ItsDeathIsSaid) {
  for (const int number : {SIGSEGV, SIGABRT, SIGKILL})
    EXPECT_TRUE(run([=](const ByteSink&) { ::raise(number); }).starts_with(fmt::format("died: signal {}, ", number)));
}

TEST(ChildProcess, ItsTimeIsLimited) {
  const std::string said = run(
      [](const ByteSink&) {
        for (volatile int i = 0;;) i = i + 1;
      },
      {.cpu_seconds = 1});
  EXPECT_EQ(said, "died: it takes too long; none");
}

TEST(ChildProcess, ItsMemoryIsLimited) {
  const std::string said = run(
      [](const ByteSink& sink) {
        std::vector<std::vector<char>> blocks;
        for (int i = 0; i < 64; ++i) blocks.emplace_back(std::size_t{16} << 20, char(i));
        sink(blocks.back());
      },
      {.memory = std::uint64_t{256} << 20});
  EXPECT_TRUE(said.starts_with("died: ")) << said.size();
}

TEST(ChildProcess, ItWritesNoFiles) {
  const TempFolder folder;
  run([&](const ByteSink&) {
    ::signal(SIGXFSZ, SIG_IGN);
    std::ofstream(folder / "x") << "text";
  });
  std::error_code code;
  EXPECT_TRUE(!fs::exists(folder / "x", code) || fs::file_size(folder / "x") == 0);
}

}  // namespace
}  // namespace palimpsest
