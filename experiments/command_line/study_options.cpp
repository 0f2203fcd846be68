// Commands that need no model of their own: concept, compare, study, report, info.
#include "experiments/command_line/option_adder.h"

namespace palimpsest::command_line {

void add_concept(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("concept", "Is a concept linearly decodable? Linear SVMs over feature files");
  const OptionAdder add(app);
  ConceptCommand& test = options.concept_test;
  add("features", test.features,
      {"Data", "one .npy per model, the same images in the same order; tests compare the first two"})
      ->required();
  add("labels", test.labels, {"Data", "int64 (N,), 1 where the concept is there (.npy)"})->required();
  add("groups", test.groups, {"Data", "int64 (N,), the subject of each image (.npy)"});
  add("repeats", test.repeats, {"Test", "repetitions of the 2-fold cross-validation"});
  add("c", test.c, {"Test", "cost of the support vector machine"});
  add("standardise", test.standardise, {"Test", "features to mean 0, deviation 1"});
  add("folds", test.folds,
      {"Test",
       "stratified by label, whole subjects in one fold, or any halves",
       {"stratified", "grouped", "shuffled"}});
  add("seed", test.seed, {"Test", "of the folds and the bootstrap"});
  add("out", test.out, {"Output", "JSON with F1s and tests"})->required();
  add("threads", test.threads, {"Machine", "0: one for each core", {}, 0, 1024});
  app.footer(
      "Example:\n"
      "  palimpsest concept --features a.npy b.npy --labels y.npy --groups g.npy --repeats 500 --out concept.json");
}

void add_compare(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("compare", "McNemar's test between two evaluations of the same images");
  const OptionAdder add(app);
  CompareCommand& compare = options.compare;
  add("a", compare.a, {"Data", "predictions of the first model (CSV, from evaluate)"})->required();
  add("b", compare.b, {"Data", "predictions of the second model"})->required();
  add("class", compare.only_class, {"Data", "only images of this true class, by number or name; without: all"});
  add("out", compare.out, {"Output", "JSON with b, c and the p-values"})->required();
  app.footer(
      "Example: do they differ on surprise?\n"
      "  palimpsest compare --a a.csv --b b.csv --class 3 --out mcnemar.json");
}

void add_study(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("study", "All steps from one TOML config, ending in report.html");
  const OptionAdder add(app);
  StudyCommand& study = options.study;
  const auto set_config = [&study](const std::string& text) { study.config = text; };
  app.add_option_function<std::string>("CONFIG", set_config, "TOML file, for instance experiments/configs/demo.toml")
      ->required()
      ->type_name("PATH");
  add("out", study.out, {"Output", "folder of the study; a study that is there already goes on where it was"})
      ->required();
  add("redo", study.redo, {"Output", "steps to do again, with all that depends on them"})->type_name("STEP...");
  add_runs_on(add, study.on);
  app.footer(
      "Example:\n"
      "  palimpsest study experiments/configs/demo.toml --out demo/study\n"
      "Stop it with Ctrl-C at any time; the same command goes on and ends in the same bits.");
}

void add_report(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("report", "Draw report.html of a study again");
  ReportCommand& report = options.report;
  const auto set_study = [&report](const std::string& text) { report.study = text; };
  app.add_option_function<std::string>("STUDY", set_study, "folder of a finished study")->required()->type_name("PATH");
  app.footer(
      "Example:\n"
      "  palimpsest report demo/study");
}

void add_info(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("info", "Devices, what is chosen and why, libraries");
  add_runs_on(OptionAdder(app), options.info.on);
  app.footer(
      "Example:\n"
      "  palimpsest info --device auto");
}

void add_bench(CLI::App& program, Options& options) {
  CLI::App& app = *program.add_subcommand("bench", "Time the network's layers and whole steps on a device");
  const OptionAdder add(app);
  BenchCommand& bench = options.bench;
  add("size", bench.size, {"Network", "side of the pictures in pixels"});
  add("width", bench.width, {"Network", "channels as a share of VGG16's"});
  add("hidden", bench.hidden, {"Network", "widths of the fully connected layers before the last"});
  add("batch", bench.batch, {"Network", "images at a time"});
  add("repeats", bench.repeats, {"Timing", "runs of each, of which the median counts; short ones run more often"});
  add("layers", bench.layers, {"Timing", "every pass of every layer (default)"});
  add("steps", bench.steps, {"Timing", "whole steps: forward, training, relevance (default)"});
  add("out", bench.out, {"Output", "every figure (JSON)"});
  add("tune", bench.tune,
      {"Output", "time every algorithm and write the quickest as a table for --convolution (.json)"});
  add_runs_on(add, bench.on);
  app.footer(
      "Example: which algorithms are quickest here, and a model trained with them\n"
      "  palimpsest bench --batch 32 --tune table.json\n"
      "  palimpsest train --preset pain --batch 32 --convolution table.json ...\n"
      "GFLOP/s count the direct algorithm's operations, whatever runs. Nothing else should run at the same time.");
}

}  // namespace palimpsest::command_line
