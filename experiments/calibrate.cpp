// `palimpsest calibrate`: how often every test of a study's page rejects where nothing is lost, and where something is.
#include "experiments/calibrate.h"

#include <omp.h>

#include <algorithm>
#include <string_view>

#include "analysis/predictions.h"
#include "base/csv.h"
#include "base/error.h"
#include "experiments/calibrate/sets.h"
#include "experiments/command.h"
#include "experiments/study/config.h"
#include "experiments/study/records.h"
#include "experiments/study/same_training.h"
#include "experiments/study/test_names.h"

namespace palimpsest::experiments {

namespace {

using namespace calibrate;

// The share of the test images on which the probes of FreezeB5 and FreezeB0 disagree.
double disagreement(const fs::path& study) {
  const auto a = analysis::read_predictions(study / run_step("probe", {most_frozen}) / "predictions.csv"),
             b = analysis::read_predictions(study / run_step("probe", {0}) / "predictions.csv");
  double differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differ += a.predicted[i] != b.predicted[i];
  return differ / double(a.size());
}

class Results {
 public:
  void add(const std::string& kind, const analysis::Rejections& rejections) {
    for (const auto& rate : rejections.rates()) {
      csv_ += fmt::format("{},{},{},{},{},{:.4f},{:.4f}\n", csv_field(kind), csv_field(rate.test), rate.sets,
                          rate.tests, rate.rejected, rate.rate(), rate.error);
      fmt::print("{:<28} {:<48} {:5.1f} % ± {:.1f}\n", kind, rate.test, 100 * rate.rate(), 100 * rate.error);
    }
    std::fflush(stdout);
  }
  const std::string& csv() const { return csv_; }

 private:
  std::string csv_ = "kind,test,sets,tests,rejected,rate,error\n";
};

}  // namespace

void run_calibrate(const CalibrateCommand& command) {
  if (command.threads > 0) omp_set_num_threads(command.threads);
  const StudyRecord record = read_study_record(command.study / "study.json");
  const StudyConfig config = read_study_config(command.study / "config.toml");
  const Losses measured = read_losses(command.study / "losses/losses.json");
  std::vector<std::uint8_t> planned;
  for (const std::string& emotion : record.emotions)
    planned.push_back(std::ranges::any_of(record.hypotheses, [&](const auto& h) { return h.emotion == emotion; }));
  const EmotionSets emotions(command.study, int(record.emotions.size()), measured.c, planned);
  const double real = disagreement(command.study), noise = emotions.noise_for(real, command.seed);
  fmt::print(
      "Noise of {:.2f} deviations: two networks with it disagree on {:.1f} % of the test images, as FreezeB5 and "
      "FreezeB0 do.\n",
      noise, 100 * real);
  Results results;
  std::vector<int> units = command.units;
  if (units.empty())
    for (const Hypothesis& h : record.hypotheses) units.push_back(h.unit);
  std::vector<ConceptSets> concepts;
  for (const int unit : units)
    concepts.emplace_back(command.study, unit, config.concept_test.standardise, config.concept_test.c);
  const MapSets maps(command.study, record.farthest());
  const std::pair<const char*, Noise> kinds[]{{nothing_lost, {noise, noise, false}},
                                              {labels_shuffled, {noise, noise, true}},
                                              {something_lost, {noise, command.loss * noise, false}}};
  for (const auto& [kind, level] : kinds) {
    analysis::Rejections rejections;
    emotions.run(level, command, rejections);
    for (const ConceptSets& sets : concepts) sets.run(level, command, rejections);
    if (std::string_view(kind) == nothing_lost) maps.run(command, rejections);
    results.add(kind, rejections);
  }
  if (!command.same.empty()) {
    analysis::Rejections rejections;
    for (std::size_t i = 0; i < command.same.size(); ++i)
      add_same_training(command.same[i], read_study_record(command.same[i] / "study.json"), int(i), rejections);
    results.add(same_training, rejections);
  }
  write_file(command.out, results.csv());
}

Command calibrate_command() {
  return make_command(
      "calibrate", "False positives and power of every test of a study's page, on made-up sets",
      "Sets are made from the features of the network before: with as much noise as makes two networks\n"
      "differ like the study's (nothing lost), with more of it after (something lost), with shuffled labels.\n"
      "Example:\n"
      "  palimpsest calibrate demo/study --out calibration.csv",
      run_calibrate);
}

}  // namespace palimpsest::experiments
