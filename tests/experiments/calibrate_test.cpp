// `palimpsest calibrate` on a fabricated study, whose features say what they should.
#include "experiments/calibrate.h"

#include <map>

#include "analysis/predictions.h"
#include "base/csv.h"
#include "base/npy.h"
#include "base/random.h"
#include "experiments/study/records.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

struct Quiet {
  Quiet() { testing::internal::CaptureStdout(); }
  ~Quiet() { testing::internal::GetCapturedStdout(); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
};

class Calibrate : public testing::Test {
 protected:
  void SetUp() override {
    record.emotions = {"neutral", "surprise", "contempt"};
    record.hypotheses = {{"contempt", 14}};
    for (const ModelRun run : {ModelRun{5}, ModelRun{0}, ModelRun{0, 2}, ModelRun{0, 3}}) record.runs.push_back(run);
    write_record(study / "study.json", record);
    write_file(study / "config.toml", "emotion = 'affectnet:e'\npain = 'unbc:p'\nconcepts = 'ckplus:c'\n");
    create_folder(study / "losses");
    write_losses(study / "losses/losses.json", {.01, {.01}, {.9}, {}, {}});
    create_folder(study / "features-b5");
    for (const auto& [name, images] : {std::pair{"train", 240}, {"test", 240}, {"peaks", 120}})
      write_features(name, images);
    std::string peaks = "id,subject,action_units\n";
    for (int i = 0; i < 120; ++i) peaks += fmt::format("{},p{},{}\n", i, i % 30, i % 3 == 2 ? "1 14" : "4 1");
    create_folder(study / "peaks");
    write_file(study / "peaks/peaks.csv", peaks);
    for (const ModelRun& run : record.runs) write_probe(run_step("probe", run), run.seed.value_or(run.k));
  }

  // Image i is of class i mod 3, which raises feature i mod 3.
  void write_features(const std::string& name, int images) {
    std::vector<float> values;
    std::string ids = "id,label\n";
    for (int i = 0; i < images; ++i) {
      for (int c = 0; c < columns; ++c) values.push_back(float(random.normal()) + (c == i % 3 ? 1.5F : 0.F));
      ids += fmt::format("{},{}\n", i, i % 3);
    }
    write_npy(study / ("features-b5/" + name + ".npy"), values, std::array<std::int64_t, 2>{images, columns});
    write_file(study / ("features-b5/" + name + ".csv"), ids);
  }

  // A tenth of the predictions of each probe are wrong, and not the same.
  void write_probe(const std::string& step, std::uint64_t seed) {
    Random own(seed, Purpose::test, 7);
    analysis::Predictions p;
    p.classes = 3;
    std::vector<float> odds;
    for (int i = 0; i < 240; ++i) {
      const int predicted = own.chance(.1) ? (i + 1) % 3 : i % 3;
      p.ids.push_back(std::to_string(i));
      p.labels.push_back(i % 3);
      p.predicted.push_back(predicted);
      for (int c = 0; c < 3; ++c) {
        p.probabilities.push_back(c == predicted ? 1.F : 0.F);
        odds.push_back(float(own.normal()) + (c == predicted ? 2.F : 0.F));
      }
    }
    create_folder(study / step);
    analysis::write_predictions(study / step / "predictions.csv", p);
    write_npy(study / step / "log_odds.npy", odds, std::array<std::int64_t, 2>{240, 3});
  }

  std::map<std::string, double> run(CalibrateCommand command = {}) {
    command.study = study.path();
    command.sets = 20;
    command.repeats = 2;
    command.out = study / "calibration.csv";
    {
      const Quiet quiet;
      run_calibrate(command);
    }
    std::map<std::string, double> rates;
    const Csv csv = read_csv(command.out);
    for (const auto& row : csv.rows) rates[row[0] + ": " + row[1]] = std::stod(row[4]);
    return rates;
  }

  static constexpr int columns = 8;
  TempFolder study;
  StudyRecord record;
  Random random{1, Purpose::test};
};

TEST_F(Calibrate, RejectsRarelyWhereNothingIsLostAndOftenWhereMuchIs) {
  CalibrateCommand command;
  command.loss = 6;
  command.subjects = 30;
  const auto rates = run(command);
  for (const char* kind : {"nothing lost", "labels shuffled"}) {
    EXPECT_LE(rates.at(fmt::format("{}: all emotions together, images and runs", kind)), .25);
    EXPECT_LE(rates.at(fmt::format("{}: AUC lost of an emotion, images and runs", kind)), .2);
    EXPECT_LE(rates.at(fmt::format("{}: AU14: AUC lost, images and runs", kind)), .25);
  }
  EXPECT_GE(rates.at("something lost: all emotions together, images and runs"), .8);
  EXPECT_GE(rates.at("something lost: AUC lost of an emotion, images and runs"), .5);
  EXPECT_TRUE(rates.contains("nothing lost: McNemar's exact test of an emotion"));
  EXPECT_TRUE(rates.contains("nothing lost: AU14: F1, paired t"));
  EXPECT_TRUE(rates.contains("nothing lost: the hypotheses' emotions less the others"));
}

TEST_F(Calibrate, RunsOfTheSameTrainingAreComparedToo) {
  CalibrateCommand command;
  command.same = {study.path()};
  EXPECT_TRUE(run(command).contains("runs of the same training: all emotions together, images only"));
}

TEST_F(Calibrate, NamesWhatIsMissing) {
  fs::remove(study / "peaks/peaks.csv");
  expect_error("peaks.csv", [&] { run(); });
  fs::remove(study / "losses/losses.json");
  expect_error("losses.json", [&] { run(); });
}

}  // namespace
}  // namespace palimpsest::experiments
