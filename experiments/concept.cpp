// `palimpsest concept`: is a concept linearly decodable from the features of several models?
#include <omp.h>

#include "analysis/concept.h"
#include "analysis/probe.h"
#include "base/error.h"
#include "base/files.h"
#include "experiments/command.h"
#include "experiments/concept.h"

namespace palimpsest::experiments {

void run_concept(const ConceptCommand& command) {
  if (command.features.empty()) throw Error("no feature file was given", "name them with --features A.npy B.npy");
  std::vector<NamedPath> read{{"--labels", command.labels}, {"--groups", command.groups}};
  for (const auto& file : command.features) read.push_back({"--features", file});
  require_separate(read, {{"--out", command.out}});
  analysis::ConceptOptions options;
  options.repeats = command.test.repeats;
  options.c = command.test.c;
  options.folds = command.test.folds;
  options.seed = command.test.seed;
  options.labels_file = command.labels.string();
  options.groups_file = command.groups.string();
  if (command.threads > 0) omp_set_num_threads(command.threads);
  const auto labels = analysis::read_concept_labels(command.labels);
  const auto groups =
      command.groups.empty() ? std::vector<std::int64_t>{} : analysis::read_concept_groups(command.groups);
  std::vector<analysis::Gram> grams;
  std::vector<Eigen::MatrixXd> coordinates;
  for (const fs::path& file : command.features) {
    const analysis::FeatureVectors x = analysis::read_feature_vectors(file);
    grams.push_back(analysis::linear_gram(x.name, x.values, x.rows, command.test.standardise));
    coordinates.push_back(analysis::ProbeFeatures(x.values, {}, x.columns, x.name).train());
  }
  const analysis::ConceptResult result = analysis::concept_test(grams, labels, groups, options);
  analysis::ConceptLossOptions losses;
  losses.seed = options.seed;
  for (int set = 1; set < std::ssize(coordinates); ++set) losses.compared.push_back({0, {set}});
  const std::string json =
      analysis::concept_json(result, analysis::concept_losses(coordinates, labels, groups, losses));
  if (command.out.empty())
    fmt::print("{}", json);
  else
    write_file(command.out, json);
}

Command concept_command() {
  return make_command("concept", "Is a concept linearly decodable? Linear SVMs over feature files",
                      "Example:\n"
                      "  palimpsest concept --features a.npy b.npy --labels y.npy --groups g.npy --repeats 500 --out "
                      "concept.json",
                      run_concept);
}

}  // namespace palimpsest::experiments
