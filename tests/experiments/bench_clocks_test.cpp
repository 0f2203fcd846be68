#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "experiments/bench/clocks.h"
#include "tests/support/temp_folder.h"

// What is read of nvidia-smi, with scripts in its place.
namespace palimpsest::experiments {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BenchClocks : public testing::Test {
 protected:
  BenchClocks() : path_(std::getenv("PATH")) {}
  ~BenchClocks() override { ::setenv("PATH", path_.c_str(), 1); }
  // Its arguments go to the file "asked".
  void nvidia_smi(const std::string& commands) {
    write_file(folder_ / "nvidia-smi",
               "#!/bin/sh\necho \"$@\" >> " + (folder_ / "asked").string() + "\n" + commands + "\n");
    fs::permissions(folder_ / "nvidia-smi", fs::perms::owner_all);
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  // Of two readings, of which the second must not ask again.
  std::string failure_of(int seconds = 30) {
    ClockReader reader(kBus, seconds);
    EXPECT_FALSE(reader.read());
    const std::string problem = reader.problem(), once = asked();
    EXPECT_FALSE(reader.read());
    EXPECT_EQ(reader.problem(), problem);
    EXPECT_EQ(asked(), once);
    return problem;
  }
  std::string asked() const { return fs::exists(folder_ / "asked") ? read_file(folder_ / "asked") : ""; }

  static constexpr const char* kBus = "00000000:65:00.0";
  TempFolder folder_;
  std::string path_;
};

TEST_F(BenchClocks, AreThoseOfTheGpuInUse) {
  nvidia_smi("echo '1980, 2619, 0x0000000000000024, 41, 312.50'");
  ClockReader reader(kBus);
  const auto state = reader.read();
  ASSERT_TRUE(state) << reader.problem();
  EXPECT_EQ(state->sm_mhz, 1980);
  EXPECT_EQ(state->memory_mhz, 2619);
  EXPECT_EQ(state->celsius, 41);
  EXPECT_EQ(state->watts, 312.5);
  EXPECT_THAT(state->reasons, ElementsAre("power cap", "software thermal slowdown"));
  EXPECT_THAT(asked(), HasSubstr("--id=00000000:65:00.0 --query-gpu=clocks.sm,clocks.mem,clocks_event_reasons.active"));
}

TEST_F(BenchClocks, OlderDriversHaveAnotherName) {
  nvidia_smi(
      "case \"$2\" in *event*) echo 'Field \"clocks_event_reasons.active\" is not a valid field to query.'; exit 2;; "
      "esac\n"
      "echo '1410, 1215, 0x0000000000000001, 30, [N/A]'");
  ClockReader reader(kBus);
  const auto state = reader.read();
  ASSERT_TRUE(state) << reader.problem();
  EXPECT_THAT(state->reasons, ElementsAre("idle"));
  EXPECT_FALSE(state->watts);
}

TEST_F(BenchClocks, AVirtualGpuHasNone) {
  nvidia_smi("echo '[N/A], [N/A], [N/A], [Insufficient Permissions], [N/A]'");
  ClockReader reader(kBus);
  const auto state = reader.read();
  ASSERT_TRUE(state) << reader.problem();
  EXPECT_FALSE(state->sm_mhz || state->memory_mhz || state->celsius || state->watts);
  EXPECT_THAT(state->reasons, ElementsAre("unknown"));
}

TEST_F(BenchClocks, AFailureIsNotTriedAgain) {
  nvidia_smi("echo 'Unable to determine the device handle' >&2; exit 9");
  EXPECT_EQ(failure_of(), "exit code 9: Unable to determine the device handle");
  EXPECT_EQ(std::ranges::count(asked(), '\n'), 1);
}

TEST_F(BenchClocks, NonsenseIsNotTakenForClocks) {
  for (const std::string answer :
       {"hello", "1, 2, 3, 4, 5", "1980, 2619, 0x, 41", "fast, 2619, 0x0, 41, 300", "1980, 2619, 0x0, 41, 300, 7",
        "1980, 2619, 0x0, 41, nan", "1980, 2619, 0x0, 41, 300\\n1980, 2619, 0x0, 41, 300"}) {
    nvidia_smi("printf '" + answer + "\\n'");
    const std::string line = answer.substr(0, answer.find('\\'));
    EXPECT_THAT(failure_of(), HasSubstr("it wrote '" + line + "'")) << answer;
  }
  nvidia_smi("exit 0");
  EXPECT_THAT(failure_of(), HasSubstr("it wrote ''"));
}

TEST_F(BenchClocks, ItMayHang) {
  nvidia_smi("exec sleep 600");
  EXPECT_THAT(failure_of(1), HasSubstr("it did not end within 1 s"));
}

TEST_F(BenchClocks, ItMayBeAbsent) {
  ::setenv("PATH", folder_.path().c_str(), 1);
  EXPECT_THAT(failure_of(), HasSubstr("No such file"));
}

TEST_F(BenchClocks, NothingIsAskedWithoutAGpu) {
  nvidia_smi("echo '1980, 2619, 0x0, 41, 300'");
  ClockReader reader("");
  EXPECT_FALSE(reader.read());
  EXPECT_EQ(reader.problem(), "");
  EXPECT_EQ(asked(), "");
}

}  // namespace
}  // namespace palimpsest::experiments
