#include <cmath>
#include <cstdlib>

#include "base/csv.h"
#include "tests/program/toy_model.h"

// The program with the emulated GPU against the program on the CPU: train, predict, explain, a small study.
namespace palimpsest {
namespace {

constexpr const char* kStudy = R"(emotion = "affectnet:faces/affectnet"
pain = "unbc:faces/unbc"
concepts = "ckplus:faces/ckplus"
[data]
pain_images = 16
pain_validation = 4
[model]
size = 32
width = 0.0625
hidden = [16]
[train.emotion]
preset = "emotion,scratch"
epochs = 1
[train.pain]
epochs = 1
batch = 8
seeds = [2]
[train.retrain]
preset = "retrain,scratch"
epochs = 1
[explain]
limit = 2
[concept]
repeats = 4
min_positives = 8
[null]
seeds = [2]
[mitigation]
arms = ["drop-classes", "l2-sp", "rehearsal"]
rehearse-images = 4
)";

class CudaEmulated : public ToyModel {
 protected:
  void succeed(std::vector<std::string> arguments, const std::string& device) const {
    arguments.insert(arguments.end(), {"--device", device});
    const Outcome outcome = run(arguments);
    ASSERT_EQ(outcome.status, 0) << device << ": " << outcome.errors;
  }
  double relative_l1(const fs::path& got, const fs::path& expected) const {
    const auto a = read_npy(folder / got).floats(), b = read_npy(folder / expected).floats();
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      difference += std::abs(double(a[i]) - double(b[i]));
      size += std::abs(double(b[i]));
    }
    return a.size() == b.size() && size > 0 ? difference / size : 1e9;
  }
};

// Sixteen layers of sums of up to 576 products, each off by u sqrt(576) relative to its terms.
constexpr double kForward = 16 * 24 * 0x1p-24, kThereAndBack = 2 * kForward;

TEST_F(CudaEmulated, PredictsAndExplainsAsTheCpuDoes) {
  for (const std::string device : {"cpu", "cuda-emulated"}) {
    succeed({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--logits", device + "-z.npy",
             "--features", device + "-f.npy"},
            device);
    succeed({"explain", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--target", "all", "--rules",
             "epsilon-plus", "--maps", device + "-R.npy", "--ledger", device + "-L.json"},
            device);
  }
  EXPECT_LT(relative_l1("cuda-emulated-z.npy", "cpu-z.npy"), kForward);
  EXPECT_LT(relative_l1("cuda-emulated-f.npy", "cpu-f.npy"), kForward);
  EXPECT_LT(relative_l1("cuda-emulated-R.npy", "cpu-R.npy"), kThereAndBack);
}

// Three steps, so that a recorded step runs: what is learnt is compared by what it predicts.
TEST_F(CudaEmulated, TrainsAsTheCpuDoes) {
  for (const std::string device : {"cpu", "cuda-emulated"}) {
    succeed({"train",
             "--data",
             "arrays:x.npy,y.npy",
             "--init",
             "W.safetensors",
             "--gamma",
             "2",
             "--lr",
             "0.01",
             "--momentum",
             "0.9",
             "--clip-norm",
             "1",
             "--steps",
             "4",
             "--epochs",
             "9",
             "--batch",
             "2",
             "--out",
             device},
            device);
    succeed(
        {"predict", "--weights", device + "/last.safetensors", "--data", "arrays:x.npy", "--logits", device + "-z.npy"},
        "cpu");
  }
  EXPECT_LT(relative_l1("cuda-emulated-z.npy", "cpu-z.npy"), 4 * kThereAndBack);
}

TEST_F(CudaEmulated, TrainsTheSameBitsTwice) {
  for (const std::string out : {"first", "second"})
    succeed({"train", "--data", "arrays:x.npy,y.npy", "--init", "W.safetensors", "--steps", "3", "--epochs", "9",
             "--batch", "2", "--out", out},
            "cuda-emulated");
  EXPECT_EQ(read_file(folder / "first/last.safetensors"), read_file(folder / "second/last.safetensors"));
}

// The record says which kernels served (cuda/proof.h).
TEST_F(CudaEmulated, ARunByPlainKernelsDoesNotResumeWithOthers) {
  write_file(folder / "refuse", "#!/bin/sh\necho wrong\nexit 1\n");
  fs::permissions(folder / "refuse", fs::perms::owner_all);
  const auto train = [&](const char* epochs) {
    return run({"train", "--data", "arrays:x.npy,y.npy", "--init", "W.safetensors", "--epochs", epochs, "--batch", "4",
                "--out", "run", "--device", "cuda-emulated"});
  };
  ::setenv("XDG_CACHE_HOME", folder.path().c_str(), 1);
  ::setenv("PALIMPSEST_SELF_TEST", "on", 1);
  ::setenv("PALIMPSEST_SELF_TEST_PROGRAM", (folder / "refuse").c_str(), 1);
  const Outcome plain = train("1"), same = train("2");
  ::unsetenv("PALIMPSEST_SELF_TEST");
  const Outcome others = train("3");
  EXPECT_EQ(plain.status, 0) << plain.errors;
  EXPECT_NE(plain.errors.find("Only the plain kernels serve"), std::string::npos) << plain.errors;
  EXPECT_EQ(same.status, 0) << same.errors;
  expect_refused(others, {"plain kernels"});
}

// 8 MB hold this model and some pictures, not its training step on 64 of them.
TEST_F(CudaEmulated, SaysWhichBatchFitsWhenMemoryIsShort) {
  std::vector<float> pixels(std::size_t(64 * 3 * 32 * 32), 0.5F);
  write_npy(folder / "many.npy", pixels, std::vector<std::int64_t>{64, 3, 32, 32});
  write_npy(folder / "labels.npy", std::vector<std::int64_t>(64, 1), std::vector<std::int64_t>{64});
  ::setenv("PALIMPSEST_EMULATOR_MEMORY_MB", "8", 1);
  const auto train = [&](const char* batch) {
    return run({"train", "--data", "arrays:many.npy,labels.npy", "--init", "W.safetensors", "--steps", "1", "--batch",
                batch, "--out", std::string("batch") + batch, "--device", "cuda-emulated"});
  };
  const Outcome large = train("64"), small = train("4");
  ::unsetenv("PALIMPSEST_EMULATOR_MEMORY_MB");
  expect_refused(large, {"out of memory", "MB were requested", "--batch of about"});
  EXPECT_EQ(small.status, 0) << small.errors;
}

// Sixteen models of a step or two each, which see the same pictures, and seven probes: the probabilities that each
// gives its test set, where it was evaluated. Every step moves a weight by the rate times a gradient that is off by
// kThereAndBack, which is far below the 1e-3 here.
TEST_F(CudaEmulated, RunsAStudyAsTheCpuDoes) {
  const Outcome drawn = run({"draw-faces", "--out",
                             "faces",      "--size",
                             "48",         "--masks",
                             "tested",     "--faces",
                             "24",         "--test-faces",
                             "2",          "--participants",
                             "8",          "--sequences",
                             "2",          "--frames",
                             "8",          "--ckplus-sequences",
                             "48",         "--ckplus-subjects",
                             "16",         "--ckplus-frames",
                             "2",          "--quiet"});
  ASSERT_EQ(drawn.status, 0) << drawn.errors;
  write_unsynced(folder / "study.toml", kStudy + std::string("drop-classes = ['bored']\n"));
  expect_refused(run({"study", "study.toml", "--out", "cpu"}), {"mitigation.drop-classes", "bored", "contempt"});
  write_unsynced(folder / "study.toml", kStudy);
  for (const std::string device : {"cpu", "cuda-emulated"})
    succeed({"study", "study.toml", "--out", device, "--threads", "1", "--quiet"}, device);
  EXPECT_TRUE(fs::exists(folder / "cuda-emulated/report.html"));
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(folder / "cpu")) {
    const auto name = entry.path().filename() / "predictions.csv";
    if (!fs::exists(folder / "cpu" / name)) continue;
    ++compared;
    const Csv expected = read_csv(folder / "cpu" / name), got = read_csv(folder / "cuda-emulated" / name);
    ASSERT_EQ(got.rows.size(), expected.rows.size()) << name;
    const auto first = std::size_t(expected.column("p0")), end = std::size_t(expected.column("label_name"));
    for (std::size_t row = 0; row < expected.rows.size(); ++row)
      for (std::size_t i = first; i < end; ++i)
        EXPECT_NEAR(parse_number(got.rows[row][i], "got"), parse_number(expected.rows[row][i], "expected"), 1e-3)
            << name << ", row " << row;
  }
  EXPECT_EQ(compared, 15 + 7 + 2 * 3);
  const std::string report = read_file(folder / "cpu/report.html");
  EXPECT_NE(report.find("Can it be avoided?"), report.npos);
  EXPECT_NE(report.find("first training without contempt and surprise"), report.npos);
  // A finished study has every part: what the page says of one that is missing is not on it.
  for (const char* missing : {"Not evaluated yet", "Not all models", "Nothing has been explained", "No model has been",
                              "have not been", "tested yet", "with another seed"})
    EXPECT_EQ(report.find(missing), report.npos) << missing;
}

}  // namespace
}  // namespace palimpsest
