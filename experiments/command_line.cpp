#include "experiments/command_line.h"

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/progress.h"

namespace palimpsest::experiments {

namespace {

constexpr const char* about_program =
    "palimpsest: what does a network forget when it is fine-tuned?\n"
    "Trains VGG16s on emotions and on pain, explains them by relevance propagation, and tests what was lost.";

std::string type_text(const Field& field) {
  if (!field.choices.empty()) return fmt::format("{}", fmt::join(field.choices, "|"));
  const std::string one = field.type == FieldType::integer  ? "INT"
                          : field.type == FieldType::number ? "NUMBER"
                          : field.type == FieldType::path   ? "PATH"
                                                            : "TEXT";
  return !field.list ? one : field.type == FieldType::path ? one + "..." : "LIST";
}

// The option accepts any text and the field parses it, because CLI11 reads "" as 0, wraps -1 around in unsigned types
// and accepts NaN and infinity.
CLI::Option* add_option(CLI::App& app, const Field& field) {
  const auto take = [](const std::vector<std::string>&) { return true; };
  CLI::Option* option = nullptr;
  if (field.type == FieldType::flag || !field.as_flag.empty()) {
    option = app.add_flag(fmt::format("--{0},!--no-{0}", field.name), field.help);
    if (!field.as_flag.empty()) option->expected(0, 1)->type_name(type_text(field))->default_str(field.text());
  } else {
    option = app.add_option((field.positional ? "" : "--") + field.name, take, field.help);
    option->type_name(type_text(field))->run_callback_for_default(false);
    if (field.list) option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    if (field.list && field.type != FieldType::path) option->delimiter(',');
    if (!field.optional && field.type != FieldType::path) option->default_str(field.text());
  }
  if (field.needed) option->required();
  return option->group(field.group);
}

std::unique_ptr<CLI::App> make_program(const std::vector<Command>& commands, bool& quiet) {
  auto program = std::make_unique<CLI::App>(about_program, "palimpsest");
  program->get_formatter()->column_width(42);
  program->set_version_flag("--version", "palimpsest " PALIMPSEST_VERSION, "Print the version and exit");
  program->require_subcommand(1);
  for (const Command& command : commands) {
    CLI::App& app = *program->add_subcommand(command.name, command.about);
    for (const Call call = command.begin(); const Field& field : call.fields) add_option(app, field);
    app.add_flag("--quiet", quiet, "no progress, no remarks")->group("Machine");
    app.footer(command.footer);
  }
  program->footer("palimpsest COMMAND --help shows a command's options and an example.");
  return program;
}

// Sets the fields that the line gives and returns their names. Throws CLI11's error, so that the program exits with 2.
std::set<std::string> take(const CLI::App& app, const Fields& fields) {
  std::set<std::string> given;
  for (const Field& field : fields) {
    const std::string name = (field.positional ? "" : "--") + field.name;
    const CLI::Option* const option = app.get_option(name);
    if (option->count() == 0) continue;
    given.insert(field.name);
    try {
      const auto results = option->results();
      field.set(field.type == FieldType::flag ? std::vector{results.back()} : results, name);
    } catch (const NotOfItsKind& error) {
      throw CLI::ValidationError(error.what());
    }
  }
  return given;
}

std::string name_of_command(const CLI::App& program) {
  const auto commands = program.get_subcommands();
  return commands.empty() ? "" : commands.front()->get_name();
}

}  // namespace

std::vector<Command> all_commands() {
  return {draw_faces_command(), train_command(),   predict_command(),        evaluate_command(),
          explain_command(),    concept_command(), representation_command(), compare_command(),
          pairs_command(),      study_command(),   report_command(),         forget_command(),
          calibrate_command(),  weights_command(), info_command(),           bench_command()};
}

CommandLine parse_command_line(const std::vector<std::string>& arguments, const std::vector<Command>& commands) {
  CommandLine line;
  const auto program = make_program(commands, line.quiet);
  if (arguments.empty()) {
    line.text = program->help();
    line.exit_code = 2;
    return line;
  }
  try {
    program->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the back
    const std::string name = name_of_command(*program);
    const CLI::App& app = *program->get_subcommand(name);
    const Command& command = *std::ranges::find(commands, name, &Command::name);
    line.call = command.begin();
    Progress::silence(line.quiet);
    const auto given = take(app, line.call.fields);  // among others, which files to prepare from
    line.call.prepare(given);
    take(app, line.call.fields);  // they override the files
    line.call.settle(given);
    line.command = command;
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

}  // namespace palimpsest::experiments
