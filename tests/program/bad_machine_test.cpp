// Failures of the machine: a full disk, read-only folders, signals; and a loss that is not a number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

class BadMachine : public ToyModel {
 protected:
  static std::vector<std::string> train(const std::string& out, int epochs = 2, std::vector<std::string> more = {}) {
    std::vector<std::string> all{"train",
                                 "--data",
                                 "arrays:x.npy,y.npy",
                                 "--init",
                                 "W.safetensors",
                                 "--batch",
                                 "2",
                                 "--threads",
                                 "1",
                                 "--epochs",
                                 std::to_string(epochs),
                                 "--out",
                                 out};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(BadMachine, FileSizeLimit) {
  fs::copy_file(folder / "W.safetensors", folder / "z.npy");  // an earlier file of that name is unchanged
  const UntouchedFiles files(folder.path());
  Circumstances how;
  how.largest_file = 600;  // of any file, standard error's as well
  const Outcome outcome =
      run({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--features", "z.npy", "--quiet"}, how);
  expect_refused(outcome, {"z.npy"});
  files.expect_untouched();
}

// A disk of 64 kB: the model's weights do not fit.
TEST_F(BadMachine, FullDisk) {
  fs::create_directory(folder / "disk");
  if (::mount("none", (folder / "disk").c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "needs the right to mount a small disk";
  write_unsynced(folder / "disk/precious.txt", "written before");
  const Outcome outcome = run(train("disk/run"));
  const std::string kept = read_file(folder / "disk/precious.txt");
  std::vector<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "disk"))
    if (entry.path().string().find(".tmp.") != std::string::npos) left.push_back(entry.path());
  ASSERT_EQ(::umount((folder / "disk").c_str()), 0);
  expect_refused(outcome, {"disk/run"});
  EXPECT_EQ(kept, "written before");
  EXPECT_EQ(left, std::vector<std::string>{});
}

TEST_F(BadMachine, StandardOutputOnAFullDisk) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "needs /dev/full";
  Circumstances how;
  how.standard_output = "/dev/full";
  expect_refused(run({"info"}, how), {"standard output"});
}

TEST_F(BadMachine, ReadOnlyFolder) {
  fs::create_directory(folder / "locked");
  Circumstances how;
  how.as_nobody = ::getuid() == 0;
  fs::permissions(folder.path(), fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
  fs::permissions(folder / "locked",
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  const UntouchedFiles files(folder.path());
  expect_refused(run(train("locked/run"), how), {"locked/run"});
  expect_refused(
      run({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--logits", "locked/z.npy"}, how),
      {"locked/z.npy"});
  files.expect_untouched();
  fs::permissions(folder / "locked", fs::perms::owner_all);
}

TEST_F(BadMachine, AFolderWhereAFileShouldBe) {
  fs::create_directory(folder / "dir");
  expect_refused(predict("dir", "arrays:x.npy"), {"dir"});
  expect_refused(run({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--logits", "dir"}), {"dir"});
}

TEST_F(BadMachine, TooLittleMemory) {
#if defined(PALIMPSEST_SANITIZED)
  GTEST_SKIP() << "the sanitizers need more memory than this test leaves";
#endif
  Circumstances how;
  how.largest_memory = std::int64_t{400} << 20;
  // All of VGG16: its weights and gradients alone take 270 MB.
  const Outcome outcome =
      run({"train", "--data", "arrays:x.npy,y.npy", "--out", "r", "--threads", "1", "--steps", "1"}, how);
  EXPECT_EQ(outcome.status, 1) << outcome.errors;
  EXPECT_EQ(outcome.complaints().size(), 1U) << outcome.errors;
}

// A rate at which every network diverges.
TEST_F(BadMachine, LossThatIsNoNumber) {
  const Outcome outcome = run(train("run", 50, {"--lr", "1e30"}));
  expect_refused(outcome, {"step"});
  EXPECT_THAT(outcome.complaints()[0], testing::ContainsRegex("step [0-9]+"));
  EXPECT_THAT(outcome.complaints()[0], testing::ContainsRegex("features\\.|classifier\\.|loss"));
}

TEST_F(BadMachine, CtrlCStopsWithAWordOnHowToGoOn) {
  for (const int number : {SIGINT, SIGTERM}) {
    Circumstances how;
    how.folder = folder.path();
    RunningProgram program(train("run", 100000), how);
    for (int i = 0; i < 400 && !fs::exists(folder / "run/last.safetensors"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    program.signal(number);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.status, 130) << outcome.errors;
    ASSERT_EQ(outcome.complaints().size(), 1U) << outcome.errors;
    EXPECT_THAT(outcome.complaints()[0], testing::HasSubstr("same command"));
    for (const auto& entry : fs::directory_iterator(folder / "run"))
      EXPECT_EQ(entry.path().string().find(".tmp."), std::string::npos) << entry.path();
    fs::remove_all(folder / "run");
  }
}

// Killed in the middle, and started again with the same command, training ends in the same bits.
TEST_F(BadMachine, KilledTrainingGoesOn) {
  ASSERT_EQ(run(train("run", 20, {"--momentum", "0.9"})).status, 0);
  fs::rename(folder / "run", folder / "whole");
  Circumstances how;
  how.folder = folder.path();
  for (int kill = 0; kill < 3; ++kill) {
    RunningProgram program(train("killed", 20, {"--momentum", "0.9"}), how);
    std::this_thread::sleep_for(std::chrono::milliseconds(120 + 80 * kill));
    program.signal(SIGKILL);
    program.wait();
  }
  const Outcome last = run(train("killed", 20, {"--momentum", "0.9"}));
  ASSERT_EQ(last.status, 0) << last.errors;
  for (const char* name : {"weights.safetensors", "last.safetensors", "metrics.jsonl"})
    EXPECT_EQ(read_file(folder / "killed" / name), read_file(folder / "whole" / name)) << name;
  for (const auto& entry : fs::directory_iterator(folder / "killed"))
    EXPECT_EQ(entry.path().string().find(".tmp."), std::string::npos) << entry.path();
}

TEST_F(BadMachine, TwoTrainingsInOneFolder) {
  Circumstances how;
  how.folder = folder.path();
  RunningProgram first(train("run", 100000), how);
  for (int i = 0; i < 400 && !fs::exists(folder / "run/last.safetensors"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  expect_refused(run(train("run", 100000)), {"run is being written by another"});
  first.signal(SIGINT);
  EXPECT_EQ(first.wait().status, 130) << "the first is not disturbed";
}

// `palimpsest --help | head -1`: no complaint, whether the reader was gone before the end or not.
TEST_F(BadMachine, AReaderThatHasSeenEnough) {
  const std::string command = "(" PALIMPSEST_PROGRAM " --help; echo $? > status) | true";
  const std::string shell = "cd " + folder.path().string() + " && bash -c '" + command + "' 2> complaints";
  std::system(shell.c_str());
  EXPECT_THAT(read_file(folder / "status"), testing::AnyOf("0\n", "141\n"));
  EXPECT_EQ(read_file(folder / "complaints"), "");
}

}  // namespace
}  // namespace palimpsest
