#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "base/interrupt.h"
#include "tests/nn/toy_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

// A run that is interrupted at any moment and resumed ends in the same bits.
namespace palimpsest::nn {
namespace {

struct BrokenOff {};

std::shared_ptr<const data::Examples> breaking_after(int fills, std::function<void()> what,
                                                     std::shared_ptr<const data::Examples> inner) {
  auto count = std::make_shared<std::atomic<int>>(0);
  return std::make_shared<Watched>(std::move(inner), [count, fills, what](int, float*) {
    if (++*count == fills) what();
  });
}

TEST(Resume, EndsInTheSameBits) {
  TempFolder folder;
  const ToyRun run = varied_run();
  run.train(folder / "whole");
  const auto whole = contents(folder / "whole");
  ASSERT_EQ(whole.count("weights.safetensors"), 1u);
  for (const int fills : {1, 9, 17, 30, 33, 50, 64, 79}) {  // 16 pictures an epoch, 5 epochs
    const auto path = folder / ("broken" + std::to_string(fills));
    ToyRun broken = run;
    broken.options.loader_threads = 0;
    broken.training = breaking_after(fills, [] { throw BrokenOff{}; }, run.training);
    EXPECT_THROW(broken.train(path), BrokenOff);
    run.train(path);
    EXPECT_EQ(contents(path), whole) << "broken off after " << fills << " pictures";
  }
}

TEST(Resume, AgainAndAgain) {
  TempFolder folder;
  const ToyRun run = varied_run();
  run.train(folder / "whole");
  ToyRun broken = run;
  int times = 0;
  for (bool done = false; !done; ++times) {
    broken.training = breaking_after(20, [] { throw BrokenOff{}; }, run.training);  // always in its second epoch
    try {
      broken.train(folder / "broken");
      done = true;
    } catch (const BrokenOff&) {
    }
    ASSERT_LT(times, 20);
  }
  EXPECT_GE(times, 4);
  EXPECT_EQ(contents(folder / "broken"), contents(folder / "whole"));
}

TEST(Resume, WithoutMomentumOrValidation) {
  TempFolder folder;
  ToyRun run;
  run.options.epochs = 4;
  run.train(folder / "whole");
  ToyRun broken = run;
  broken.training = breaking_after(40, [] { throw BrokenOff{}; }, run.training);
  EXPECT_THROW(broken.train(folder / "broken"), BrokenOff);
  run.train(folder / "broken");
  EXPECT_EQ(contents(folder / "broken"), contents(folder / "whole"));
}

// Ctrl-C and kill -9 end a process, so they are tested in a separate one.
class Signals : public testing::Test {
 protected:
  Signals() {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    // A death test restarts the program; the folder must be the one of the first start.
    if (const char* const earlier = std::getenv("PALIMPSEST_TEST_RUN")) {
      path_ = earlier;
    } else {
      folder_ = std::make_unique<TempFolder>();
      path_ = *folder_ / "run";
      ::setenv("PALIMPSEST_TEST_RUN", path_.c_str(), 1);
      first_ = true;
    }
  }
  ~Signals() override {
    if (first_) ::unsetenv("PALIMPSEST_TEST_RUN");
  }
  void train_and_raise(int signal) const {
    ToyRun broken = varied_run();
    broken.training = breaking_after(50, [signal] { std::raise(signal); }, broken.training);
    catch_interrupts();
    try {
      broken.train(path_);
    } catch (const Interrupted&) {
      std::_Exit(130);
    }
  }
  void expect_same_bits() const {
    TempFolder whole;
    varied_run().train(whole / "whole");
    varied_run().train(path_);
    EXPECT_EQ(contents(path_), contents(whole / "whole"));
  }
  std::unique_ptr<TempFolder> folder_;
  fs::path path_;
  bool first_ = false;
};

TEST_F(Signals, KillEndsInTheSameBits) {
  EXPECT_EXIT(train_and_raise(SIGKILL), testing::KilledBySignal(SIGKILL), "");
  ASSERT_TRUE(fs::exists(path_ / "last.safetensors"));
  expect_same_bits();
}

TEST_F(Signals, InterruptEndsInTheSameBits) {
  EXPECT_EXIT(train_and_raise(SIGINT), testing::ExitedWithCode(130), "");
  ASSERT_TRUE(fs::exists(path_ / "last.safetensors"));
  expect_same_bits();
}

TEST(RunFolder, RefusesOtherOptions) {
  TempFolder folder;
  ToyRun run;
  run.config = "rate = 0.01\nepochs = 3\n";
  run.train(folder / "run");
  const auto before = contents(folder / "run");
  run.config = "rate = 0.02\nepochs = 3\n";
  expect_error("'rate = 0.01' there, 'rate = 0.02' now", [&] { run.train(folder / "run"); });
  EXPECT_EQ(contents(folder / "run"), before);
}

TEST(RunFolder, FilesThatAreMissingAreSaid) {
  TempFolder folder;
  ToyRun run;
  run.train(folder / "run");
  fs::remove(folder / "run/weights.safetensors");
  expect_error("weights.safetensors is missing", [&] { run.train(folder / "run"); });
  fs::remove(folder / "run/config.toml");
  expect_error("not the config.toml", [&] { run.train(folder / "run"); });
}

TEST(RunFolder, ACheckpointOfAnotherNetworkIsRefused) {
  TempFolder folder;
  ToyRun run;
  run.options.epochs = 1;
  run.train(folder / "run");
  run.options.epochs = 2;
  run.architecture.hidden = {12};
  expect_error("last.safetensors holds a different network", [&] { run.train(folder / "run"); });
}

TEST(RunFolder, RefusesToOverwriteARun) {
  TempFolder folder;
  ToyRun run;
  run.resume = false;
  run.train(folder / "run");
  expect_error("already holds a run", [&] { run.train(folder / "run"); });
}

TEST(RunFolder, DoesNotRepeatAFinishedRun) {
  TempFolder folder;
  ToyRun run;
  run.train(folder / "run");
  const auto before = contents(folder / "run");
  run.training = breaking_after(1, [] { throw BrokenOff{}; }, run.training);
  run.train(folder / "run");
  EXPECT_EQ(contents(folder / "run"), before);
}

TEST(RunFolder, KeepsOnlyTheMomentumThatIsNeeded) {
  TempFolder folder;
  ToyRun run = varied_run();
  run.training = breaking_after(50, [] { throw BrokenOff{}; }, run.training);
  EXPECT_THROW(run.train(folder / "run"), BrokenOff);
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder / "run"))
    files += entry.path().filename().string().starts_with("momentum");
  EXPECT_EQ(files, 1);
  ToyRun rest = varied_run();
  rest.options.keep_momentum = false;
  rest.train(folder / "run");
  for (const auto& entry : fs::directory_iterator(folder / "run"))
    EXPECT_FALSE(entry.path().filename().string().starts_with("momentum"));
  varied_run().train(folder / "kept");
  EXPECT_TRUE(fs::exists(folder / "kept/momentum-5.safetensors")) << "the run can continue";
}

TEST(RunFolder, NamesACheckpointThatIsBroken) {
  TempFolder folder;
  const ToyRun run;
  run.train(folder / "run");
  const auto last = folder / "run" / "last.safetensors";
  const auto whole = read_file(last);
  write_unsynced(last, whole.substr(0, whole.size() / 2));
  expect_error("last.safetensors", [&] { run.train(folder / "run"); });
  fs::copy_file(folder / "run" / "weights.safetensors", last, fs::copy_options::overwrite_existing);
  expect_error("does not record the progress of its run", [&] { run.train(folder / "run"); });
}

}  // namespace
}  // namespace palimpsest::nn
