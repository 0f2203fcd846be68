#include <set>

#include "base/error.h"
#include "experiments/command_line/option_adder.h"
#include "experiments/train_config.h"

namespace palimpsest {

namespace {

using command_line::Options;

constexpr const char* about =
    "palimpsest: what does a network forget when it is fine-tuned?\n"
    "Trains VGG16s on emotions and on pain, explains them by relevance propagation, and tests what was lost.";

std::unique_ptr<CLI::App> make_program(Options& options) {
  auto program = std::make_unique<CLI::App>(about, "palimpsest");
  program->get_formatter()->column_width(42);
  program->set_version_flag("--version", "palimpsest " PALIMPSEST_VERSION, "Print the version and exit");
  program->require_subcommand(1);
  command_line::add_draw_faces(*program, options);
  command_line::add_train(*program, options);
  command_line::add_predict(*program, options);
  command_line::add_evaluate(*program, options);
  command_line::add_explain(*program, options);
  command_line::add_concept(*program, options);
  command_line::add_compare(*program, options);
  command_line::add_study(*program, options);
  command_line::add_report(*program, options);
  command_line::add_weights(*program, options);
  command_line::add_info(*program, options);
  command_line::add_bench(*program, options);
  for (CLI::App* const command : program->get_subcommands([](CLI::App*) { return true; }))
    command->add_flag("--quiet", options.quiet, "no progress, no remarks")->group("Machine");
  program->footer("palimpsest COMMAND --help shows a command's options and an example.");
  return program;
}

// CLI11 takes its arguments from the back.
void parse(CLI::App& program, const std::vector<std::string>& arguments) {
  program.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
}

std::string name_of_command(const CLI::App& program) {
  const auto commands = program.get_subcommands();
  return commands.empty() ? "" : commands.front()->get_name();
}

// The line again, over what the preset and the TOML file say: CLI11 writes only the options that are given.
TrainCommand layered_train(const std::vector<std::string>& arguments, const Options& given) {
  Options layered;
  std::set<std::string> named;
  TrainCommand from_file;
  if (!given.train_config.empty()) apply_train_config(given.train_config, from_file);
  layered.train.preset = given.train.preset.empty() ? from_file.preset : given.train.preset;
  const std::string preset = layered.train.preset;
  apply_preset(layered.train);
  if (!given.train_config.empty()) named = apply_train_config(given.train_config, layered.train);

  const auto program = make_program(layered);
  parse(*program, arguments);
  TrainCommand& train = layered.train;
  train.preset = preset;
  const CLI::App& app = *program->get_subcommand("train");
  if (layered.no_augment) train.augment = "none";
  if (!train.class_counts.empty() && app.count("--class-weights") == 0 && !named.contains("class-weights"))
    train.class_weights = "rescaled";
  if (app.count("--freeze") > 0 && app.count("--freeze-blocks") == 0) train.freeze_blocks.clear();
  if (train.head == "dense") train.hidden.clear();
  check_train_options(train);
  return train;
}

DrawFacesCommand draw_faces_of(const Options& options) {
  DrawFacesCommand command = options.draw_faces;
  using drawn::MaskScope;
  command.sets.masks = options.masks == "none"  ? MaskScope::none
                       : options.masks == "all" ? MaskScope::all
                                                : MaskScope::tested;
  if (command.sets.folder.empty() && command.contact_sheets.empty())
    throw Error("draw-faces was not told where to write", "give --out FOLDER, or --contact-sheets FOLDER");
  return command;
}

Command command_of(const std::string& name, const std::vector<std::string>& arguments, Options& options) {
  if (name == "draw-faces") return draw_faces_of(options);
  if (name == "train") return layered_train(arguments, options);
  for (const DataChoice* data : {&options.predict.data, &options.evaluate.data, &options.explain.data})
    check_data_options(*data);  // those of the other two commands have their defaults
  if (name == "predict") return options.predict;
  if (name == "evaluate") return options.evaluate;
  if (name == "explain") return options.explain;
  options.study.quiet = options.quiet;
  if (name == "concept") return options.concept_test;
  if (name == "compare") return options.compare;
  if (name == "study") return options.study;
  if (name == "report") return options.report;
  if (name == "bench") return options.bench;
  if (name == "weights") return options.weights;
  PALIMPSEST_REQUIRE(name == "info", "{}", name);
  return options.info;
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  Options options;
  const auto program = make_program(options);
  CommandLine line;
  if (arguments.empty()) return {.command = {}, .quiet = false, .text = program->help(), .exit_code = 2};
  try {
    parse(*program, arguments);
    line.command = command_of(name_of_command(*program), arguments, options);
    line.quiet = options.quiet;
  } catch (const CLI::CallForHelp&) {
    line.text = program->help();
  } catch (const CLI::CallForVersion& version) {
    line.text = std::string(version.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    const std::string command = name_of_command(*program);
    line.text =
        fmt::format("palimpsest: {}; see palimpsest {}{}--help\n", error.what(), command, command.empty() ? "" : " ");
    line.exit_code = 2;
  }
  return line;
}

}  // namespace palimpsest
