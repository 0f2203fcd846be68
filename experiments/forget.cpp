// `palimpsest forget`: what a network has lost after a training, from its weights before and after.
#include "experiments/forget.h"

#include "base/error.h"
#include "base/progress.h"
#include "experiments/command.h"
#include "experiments/study/plan.h"
#include "experiments/study/study.h"

namespace palimpsest::experiments {

namespace {

// "DATA,LABELS.csv"; arrays: may hold a comma of their own.
struct ConceptData {
  data::Source source;
  fs::path labels;
};
ConceptData concept_data(const std::string& text) {
  if (text.empty()) return {};
  const std::size_t comma = text.ends_with(".csv") ? text.rfind(',') : text.npos;
  ConceptData data{data::parse_source(text.substr(0, comma)), {}};
  if (comma != text.npos) data.labels = text.substr(comma + 1);
  return data;
}

void require_parts(const data::Source& source, const char* option) {
  if (source.scheme == data::Scheme::arrays)
    throw Error(fmt::format("{} {}: arrays have no parts", option, source.text),
                "give pictures in a folder, one folder per class");
}

StudyConfig config_of(const ForgetCommand& command) {
  StudyConfig config;
  config.path = "--hypotheses";
  config.emotion = command.data.source;
  const ConceptData concepts = concept_data(command.concepts);
  config.concepts = concepts.source;
  config.concept_labels = concepts.labels;
  config.pairs = command.pairs;
  config.hypotheses = command.hypotheses;
  config.names.source = command.noun;
  const bool units = concepts.labels.empty();
  config.names.unit = !command.concept_noun.empty() ? command.concept_noun : units ? "action unit" : "concept";
  config.data = command.data;
  config.model.head = Head::dense;
  config.seed = command.seed;
  config.explain = command.relevance;
  config.explained_images = command.images;
  config.explained_seed = command.seed;
  config.concept_test = command.concept_test;
  config.concept_test.seed = command.seed;
  config.null_seeds.clear();
  return config;
}

std::vector<std::pair<std::string, std::string>> values_of(const ForgetCommand& command) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Field& field : fields_of(command))
    if (field.in_files) values.emplace_back(field.name, field.text());
  return values;
}

}  // namespace

ForgetCommand::ForgetCommand() {
  data.test_share = 0.2;
  concept_test.repeats = 50;
}

void settle(ForgetCommand& command, const std::set<std::string>& /*given*/) {
  require_consistent(command.data);
  require_parts(command.data.source, "--data");
  const ConceptData concepts = concept_data(command.concepts);
  if (!concepts.source.text.empty()) require_parts(concepts.source, "--concepts");
  if (!concepts.source.text.empty() && concepts.labels.empty() && concepts.source.scheme != data::Scheme::ckplus)
    throw Error(fmt::format("--concepts {} names no labels", command.concepts), "give DATA,LABELS.csv, or ckplus:DIR");
}

void run_forget(const ForgetCommand& command) {
  run_plan(command.out, command.redo, /*together=*/1, [&] {
    StudyPlan plan = plan_study(config_of(command), command.out, command.on, 1,
                                {{given_before, command.before}, {given_after, command.after}});
    plan.record.values = values_of(command);
    return plan;
  });
}

Command forget_command() {
  return make_command(
      "forget", "What a network has lost after a training: the study's page for two networks of your own",
      "Nothing is trained but linear probes on the last convolution block of both networks.\n"
      "Examples:\n"
      "  palimpsest forget --before vgg16.pth --after finetuned.pth --data folder:birds --out birds-forgotten\n"
      "  palimpsest forget --before A.h5 --after B.h5 --data folder:birds --noun bird \\\n"
      "    --concepts folder:birds,beaks.csv --out birds-forgotten",
      run_forget, /*goes_on=*/true);
}

}  // namespace palimpsest::experiments
