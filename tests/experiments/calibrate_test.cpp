// `palimpsest calibrate` on a fabricated study, whose features say what they should.
#include "experiments/calibrate.h"

#include <map>

#include "analysis/predictions.h"
#include "base/csv.h"
#include "base/npy.h"
#include "base/random.h"
#include "experiments/study/explained_sample.h"
#include "experiments/study/records.h"
#include "experiments/study/test_names.h"
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
    write_maps();
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

  // 20 explained images of each of four persons for two classes; what a person's lose is random.
  void write_maps() {
    ExplainedSample sample;
    std::string csv = "id,label,target,logit_a,total_a,logit_b,total_b\n", regions;
    for (int person = 0; person < 8; ++person) {
      if (person % 4 == 0) sample.emotions.push_back({record.emotions[std::size_t(1 + person / 4)], 80, {}});
      for (int i = 0; i < 20; ++i) {
        const std::string id = fmt::format("{}-{}", person, i);
        sample.emotions.back().images.push_back({id, fmt::format("p{}", person)});
        csv += fmt::format("{},1,1,1,1,1,1\n", id);
        regions += fmt::format("{}{{\"id\":\"{}\",\"au\":{{\"14\":{{\"area\":0.1,\"a\":{:.3f},\"b\":0.3}}}}}}",
                               regions.empty() ? "" : ",", id, .3 + .1 * random.normal());
      }
    }
    create_folder(study / "explain-b0");
    write_explained_sample(study / "explain-b0/sample.json", sample);
    write_file(study / "explain-b0/explained.csv", csv);
    write_file(study / "explain-b0/regions.json", "[" + regions + "]");
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

  std::map<std::pair<std::string, std::string>, double> run(CalibrateCommand command = {}) {
    command.study = study.path();
    command.sets = 20;
    command.repeats = 2;
    command.out = study / "calibration.csv";
    {
      const Quiet quiet;
      run_calibrate(command);
    }
    std::map<std::pair<std::string, std::string>, double> rates;
    const Csv csv = read_csv(command.out);
    for (const auto& row : csv.rows) rates[{row[0], row[1]}] = std::stod(row[5]);
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
  for (const char* kind : {calibrate::nothing_lost, calibrate::labels_shuffled}) {
    EXPECT_LE(rates.at({kind, calibrate::all_classes}), .25);
    EXPECT_LE(rates.at({kind, calibrate::class_loss}), .2);
    EXPECT_LE(rates.at({kind, calibrate::concept_loss}), .25);
    EXPECT_TRUE(rates.contains({kind, calibrate::class_recall}));
    EXPECT_TRUE(rates.contains({kind, calibrate::f1_paired}));
    EXPECT_TRUE(rates.contains({kind, calibrate::contrast}));
  }
  EXPECT_GE(rates.at({calibrate::something_lost, calibrate::all_classes}), .8);
  EXPECT_GE(rates.at({calibrate::something_lost, calibrate::class_loss}), .5);
  EXPECT_LE(rates.at({calibrate::nothing_lost, calibrate::region_loss}), .2);
}

TEST_F(Calibrate, RunsOfTheSameTrainingAreComparedToo) {
  CalibrateCommand command;
  command.same = {study.path()};
  const auto rates = run(command);
  EXPECT_TRUE(rates.contains({calibrate::same_training, calibrate::all_classes_images}));
  EXPECT_FALSE(rates.contains({calibrate::same_training, calibrate::all_classes})) << "another run is not a before";
}

TEST_F(Calibrate, NamesWhatIsMissing) {
  fs::remove(study / "peaks/peaks.csv");
  expect_error("peaks.csv", [&] { run(); });
  fs::remove(study / "losses/losses.json");
  expect_error("losses.json", [&] { run(); });
}

}  // namespace
}  // namespace palimpsest::experiments
