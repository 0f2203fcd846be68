#include <algorithm>
#include <map>

#include "analysis/concept.h"
#include "analysis/probe.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "experiments/calibrate/sets.h"
#include "experiments/study/records.h"
#include "experiments/study/test_names.h"

namespace palimpsest::experiments::calibrate {

FeatureFiles features_before(const fs::path& study, const std::string& name) {
  const fs::path folder = study / run_step("features", {most_frozen});
  return {folder / (name + ".npy"), folder / (name + ".csv")};
}

ConceptSets::ConceptSets(const fs::path& study, int unit, bool standardise, double c)
    : pool_(features_before(study, "peaks")),
      deviation_(deviations(pool_.features)),
      name_(fmt::format("AU{}", unit)),
      standardise_(standardise),
      c_(c) {
  const Csv truth = read_csv(study / "peaks/peaks.csv");
  const auto id = std::size_t(truth.column("id")), subject = std::size_t(truth.column("subject")),
             units = std::size_t(truth.column("action_units"));
  std::map<std::string, const std::vector<std::string>*> rows;
  for (const auto& row : truth.rows) rows[row[id]] = &row;
  std::map<std::string, std::vector<int>> persons;
  const std::string wanted = fmt::format(" {} ", unit);
  for (std::size_t i = 0; i < pool_.ids.size(); ++i) {
    const auto row = rows.find(pool_.ids[i]);
    if (row == rows.end())
      throw Error(fmt::format("{} does not have the picture {}", (study / "peaks/peaks.csv").string(), pool_.ids[i]),
                  "run the study again with --redo peaks");
    labels_.push_back((" " + (*row->second)[units] + " ").find(wanted) != std::string::npos);
    persons[(*row->second)[subject]].push_back(int(i));
  }
  for (auto& [name, of] : persons) persons_.push_back(std::move(of));
}

void ConceptSets::run(const Noise& noise, const CalibrateCommand& command, analysis::Rejections& rejections) const {
  Progress progress("Sets of peak frames, " + name_, command.sets);
  analysis::ConceptOptions options;
  options.repeats = command.repeats;
  options.c = c_;
  options.pairs = {{1, 0}};
  options.grouped_beside = false;
  analysis::ConceptLossOptions losses;
  losses.repeats = command.repeats;
  losses.compared = {{0, {}}, {0, {1}}};
  for (int run = 1; run <= command.runs; ++run) losses.compared[0].after.push_back(run);
  for (int set = 0; set < command.sets; ++set) {
    Random random(command.seed, Purpose::calibrate, 4, std::uint64_t(set));
    std::vector<int> rows;
    std::vector<std::int64_t> labels, groups;
    for (const int person : some_of(int(persons_.size()), command.subjects, random))
      for (const int row : persons_[std::size_t(person)]) {
        rows.push_back(row);
        labels.push_back(labels_[std::size_t(row)]);
        groups.push_back(person);
      }
    if (noise.shuffled) {
      std::vector<std::int64_t> shuffled;
      for (const int i : permutation(int(labels.size()), Random(random.bits(), Purpose::calibrate)))
        shuffled.push_back(labels[std::size_t(i)]);
      labels = shuffled;
    }
    std::vector<analysis::Gram> grams;
    std::vector<Eigen::MatrixXd> coordinates;
    for (int network = 0; network <= command.runs; ++network) {
      const Rows x = noisy(pool_.features, rows, deviation_, network == 0 ? noise.before : noise.after, random);
      const std::span values(x.data(), std::size_t(x.size()));
      grams.push_back(analysis::linear_gram("a made-up set", values, int(x.rows()), standardise_));
      coordinates.push_back(analysis::ProbeFeatures(values, {}, int(x.cols()), "a made-up set").train());
    }
    options.seed = losses.seed = random.bits();
    const analysis::ConceptResult result = analysis::concept_test(grams, labels, groups, options);
    const analysis::ConceptLosses probes = analysis::concept_losses(coordinates, labels, groups, losses);
    rejections.add(concept_loss, probes.losses[0].loss.test.p, set);
    rejections.add(concept_loss_images, probes.losses[1].loss.test.p, set);
    const analysis::PairResult& pair = result.main.pairs[0];
    rejections.add(f1_paired, pair.paired_t.p, set);
    rejections.add(f1_corrected, pair.corrected_t.p, set);
    rejections.add(f1_bootstrap, pair.effect.low > 0 || pair.effect.high < 0 ? 0 : 1, set);
    progress.advance();
    check_interrupt();
  }
}

}  // namespace palimpsest::experiments::calibrate
