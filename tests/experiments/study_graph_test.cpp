#include <chrono>
#include <future>
#include <map>

#include "base/interrupt.h"
#include "experiments/study/fingerprint.h"
#include "experiments/study/step_graph.h"
#include "experiments/study/step_times.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

// a -> b-1, b-2 -> c: each step writes its parameter and its inputs, and counts its runs.
class StudyGraph : public testing::Test {
 protected:
  Step step(const std::string& name, std::vector<std::string> reads) {
    Step s{name, "a step", {{"epochs", epochs[name]}}, reads, {"out.txt"}, {}};
    s.run = [this, name, reads](const fs::path& folder) {
      ++runs[name];
      std::string text = name + epochs[name];
      for (const std::string& file : reads) text += "(" + read_file(study.path() / file) + ")";
      if (fail_in == name) {
        write_file(folder / "half.txt", "half");
        throw Interrupted{};
      }
      write_file(folder / "out.txt", text);
    };
    return s;
  }
  StepGraph graph() {
    return {study.path(),
            {step("a", {}), step("b-1", {"a/out.txt"}), step("b-2", {"a/out.txt"}),
             step("c", {"b-1/out.txt", "b-2/out.txt"})},
            true};
  }
  std::string result() { return read_file(study.path() / "c/out.txt"); }

  TempFolder study;
  std::map<std::string, int> runs;
  std::map<std::string, std::string> epochs{{"a", "1"}, {"b-1", "2"}, {"b-2", "3"}, {"c", "4"}};
  std::string fail_in;
};

TEST_F(StudyGraph, FinishedStepsAreNotRepeated) {
  graph().run();
  EXPECT_EQ(result(), "c4(b-12(a1))(b-23(a1))");
  graph().run();
  for (const auto& [name, times] : runs) EXPECT_EQ(times, 1) << name;
  EXPECT_EQ(graph().finished().size(), 4u);
}

TEST_F(StudyGraph, GoesOnWhereItWasAndEndsInTheSameBytes) {
  graph().run();
  std::map<std::string, std::string> whole;
  for (const char* name : {"a", "b-1", "b-2", "c"})
    for (const char* file : {"state.json", "out.txt"})
      whole[fmt::format("{}/{}", name, file)] = read_file(study / name / file);
  graph().redo({"a"});
  fail_in = "b-2";
  EXPECT_THROW(graph().run(), Interrupted);
  EXPECT_EQ(graph().finished(), (std::vector<std::string>{"a", "b-1"}));
  fail_in.clear();
  graph().run();
  EXPECT_EQ(runs["b-1"], 2);
  EXPECT_EQ(runs["b-2"], 3);
  for (const auto& [file, bytes] : whole) EXPECT_EQ(read_file(study / file), bytes) << file;
}

// b-1 waits until b-2 runs: they only both end if they run at the same time. c waits for both of them.
TEST_F(StudyGraph, StepsRunBesideEachOtherAfterWhatTheyRead) {
  std::promise<void> other_started;
  std::vector<Step> steps{step("a", {}), step("b-1", {"a/out.txt"}), step("b-2", {"a/out.txt"}),
                          step("c", {"b-1/out.txt", "b-2/out.txt"})};
  const auto write = [this](const char* name) {
    return
        [this, name](const fs::path& folder) { write_file(folder / "out.txt", read_file(study / "a/out.txt") + name); };
  };
  steps[1].run = [&, out = write("1")](const fs::path& folder) {
    ASSERT_EQ(other_started.get_future().wait_for(std::chrono::minutes(1)), std::future_status::ready);
    out(folder);
  };
  steps[2].run = [&, out = write("2")](const fs::path& folder) {
    other_started.set_value();
    out(folder);
  };
  StepGraph(study.path(), steps, true).run(2);
  EXPECT_EQ(result(), "c4(a11)(a12)");
}

TEST_F(StudyGraph, AFailureBesideAnotherStepIsReportedAndTheOtherKept) {
  std::vector<Step> steps{step("b-1", {}), step("b-2", {}), step("c", {"b-1/out.txt", "b-2/out.txt"})};
  std::promise<void> failed;
  steps[1].run = [&](const fs::path&) {
    failed.set_value();
    throw Error("the disk is full", "make room");
  };
  steps[0].run = [&](const fs::path& folder) {
    failed.get_future().wait();
    write_file(folder / "out.txt", "whole");
  };
  StepGraph graph(study.path(), steps, true);
  expect_error("the disk is full", [&] { graph.run(2); });
  EXPECT_EQ(graph.finished(), std::vector<std::string>{"b-1"});
  EXPECT_EQ(runs["c"], 0);
}

TEST_F(StudyGraph, AChangedOptionIsRefusedBeforeAnythingRuns) {
  graph().run();
  epochs["b-2"] = "30";
  fs::remove_all(study / "c");
  try {
    graph().run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("step b-2 was run with epochs = 3, which is now 30"));
    EXPECT_THAT(error.remedy(), testing::HasSubstr("--redo b"));
  }
  EXPECT_EQ(runs["c"], 1);
  StepGraph again = graph();
  again.redo({"b-2"});
  again.run();
  EXPECT_EQ(result(), "c4(b-12(a1))(b-230(a1))");
  EXPECT_EQ(runs["b-1"], 1);
  EXPECT_EQ(runs["b-2"], 2);
}

TEST_F(StudyGraph, AnUnfinishedStepWithOtherOptionsIsRefusedToo) {
  fail_in = "b-1";
  EXPECT_THROW(graph().run(), Interrupted);
  epochs["b-1"] = "9";
  expect_error("step b-1 was run with epochs = 2", [&] { graph().run(); });
}

TEST_F(StudyGraph, AKindIsRedoneWithWhatFollows) {
  graph().run();
  StepGraph again = graph();
  again.redo({"b"});
  EXPECT_EQ(again.finished(), std::vector<std::string>{"a"});
  expect_error("not a step of the study", [&] { again.redo({"d"}); });
}

TEST_F(StudyGraph, ALostOrChangedFileIsNoticed) {
  graph().run();
  write_file(study / "b-1/out.txt", "something else altogether");
  expect_error("has lost its file", [&] { graph().run(); });
  fs::remove(study / "b-1/out.txt");
  expect_error("has lost its file", [&] { graph().run(); });
}

TEST_F(StudyGraph, TimesThatCannotBeReadAreLeftOut) {
  write_file(study / "timing.jsonl", R"({"step":"a","seconds":2}
{"step":"a","seconds":"long"}
{"step":1,"seconds":2}
{"step":"b-1","seconds":4}
{"step":"b-2","seconds":6}
{"step":"c","sec)");
  EXPECT_EQ(mean_step_times(study.path()), (std::map<std::string, double>{{"a", 2}, {"b", 5}}));
}

TEST_F(StudyGraph, ABrokenStateNamesItsFile) {
  graph().run();
  write_unsynced(study / "a/state.json", "{");
  expect_error("a/state.json is not usable", [&] { graph().run(); });
}

TEST(Fingerprint, SeesEveryChangeThatMatters) {
  TempFolder folder;
  fs::create_directories(folder / "images");
  write_unsynced(folder / "images/a.png", "123");
  write_unsynced(folder / "list.csv", "a,1");
  const data::Source source = data::parse_source("folder:" + folder.path().string());
  const std::string before = data_fingerprint(source), large = data_fingerprint(source, 0);
  write_unsynced(folder / "images/a.png", "124");
  EXPECT_NE(data_fingerprint(source), before);
  EXPECT_EQ(data_fingerprint(source, 0), large);  // of large sets pictures count by name and size
  write_unsynced(folder / "images/a.png", "1234");
  EXPECT_NE(data_fingerprint(source, 0), large);
  write_unsynced(folder / "images/a.png", "123");
  write_unsynced(folder / "list.csv", "a,2");
  EXPECT_NE(data_fingerprint(source, 0), large);
  write_unsynced(folder / "list.csv", "a,1");
  EXPECT_EQ(data_fingerprint(source), before);
  expect_error("cannot be listed",
               [&] { data_fingerprint(data::parse_source("folder:" + (folder / "none").string())); });
}

}  // namespace
}  // namespace palimpsest::experiments
