// `palimpsest concept`: is a concept linearly decodable from the features of several models?
#include <omp.h>

#include "analysis/concept.h"
#include "base/error.h"
#include "base/files.h"
#include "experiments/commands.h"

namespace palimpsest {

namespace {

FoldKind parse_folds(const std::string& name) {
  for (const FoldKind kind : {FoldKind::stratified, FoldKind::grouped, FoldKind::shuffled})
    if (fold_kind_name(kind) == name) return kind;
  throw Error(fmt::format("--folds {}: there are no such folds", name), "use stratified, grouped or shuffled");
}

}  // namespace

void run_concept(const ConceptCommand& command) {
  if (command.features.empty()) throw Error("no feature file was given", "name them with --features A.npy B.npy");
  std::vector<NamedPath> read{{"--labels", command.labels}, {"--groups", command.groups}};
  for (const auto& file : command.features) read.push_back({"--features", file});
  require_separate(read, {{"--out", command.out}});
  ConceptOptions options;
  options.repeats = command.repeats;
  options.c = command.c;
  options.folds = parse_folds(command.folds);
  options.seed = command.seed;
  options.labels_file = command.labels.string();
  options.groups_file = command.groups.string();
  if (command.threads > 0) omp_set_num_threads(command.threads);
  const auto labels = read_concept_labels(command.labels);
  const auto groups = command.groups.empty() ? std::vector<std::int64_t>{} : read_concept_groups(command.groups);
  std::vector<Gram> sets;
  sets.reserve(command.features.size());
  for (const fs::path& file : command.features) sets.push_back(read_gram(file, command.standardise));
  const std::string json = concept_json(concept_test(sets, labels, groups, options));
  if (command.out.empty())
    fmt::print("{}", json);
  else
    write_file(command.out, json);
}

}  // namespace palimpsest
