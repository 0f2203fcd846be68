#include "base/spawn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace palimpsest {
namespace {

Spawned shell(const std::string& commands, int seconds = 30, bool errors = false) {
  return spawn({"sh", "-c", commands}, seconds, errors);
}

TEST(Spawn, GivesOutputAndExitCode) {
  const Spawned found = shell("echo first; echo second; exit 3");
  EXPECT_EQ(found.end, Spawned::End::exited);
  EXPECT_EQ(found.number, 3);
  EXPECT_EQ(found.output, "first\nsecond\n");
  EXPECT_EQ(found.problem, "");
}

TEST(Spawn, TakesErrorsOnlyWhereAsked) {
  EXPECT_EQ(shell("echo wrong >&2", 30, true).output, "wrong\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(shell("echo wrong >&2").output, "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "wrong\n");
}

TEST(Spawn, KillsWhatDoesNotEnd) {
  const Spawned found = shell("echo begun; exec sleep 600", 1);
  EXPECT_EQ(found.end, Spawned::End::too_slow);
  EXPECT_EQ(found.problem, "it did not end within 1 s");
}

TEST(Spawn, SaysWhichSignal) {
  const Spawned found = shell("kill -SEGV $$");
  EXPECT_EQ(found.end, Spawned::End::signalled);
  EXPECT_EQ(found.number, SIGSEGV);
}

TEST(Spawn, SaysWhyNothingStarted) {
  const Spawned found = spawn({"no-such-program-anywhere"}, 1);
  EXPECT_EQ(found.end, Spawned::End::not_started);
  EXPECT_THAT(found.problem, testing::HasSubstr("No such file"));
}

TEST(Spawn, KeepsTheBeginningOfLongOutput) {
  const Spawned found = shell("i=0; while [ $i -lt 2000 ]; do echo 1234567; i=$((i+1)); done");
  EXPECT_EQ(found.number, 0);
  EXPECT_EQ(found.output.size(), 4096u);
}

}  // namespace
}  // namespace palimpsest
