#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiments/command.h"

namespace palimpsest::experiments {

// What a command line asks for: a command with its settings, or only a text to print (help, version, what is wrong).
struct CommandLine {
  std::optional<Command> command;
  Call call;
  bool quiet = false;
  std::string text;
  int exit_code = 0;  // 0: `text` is for standard output; 2: the line is invalid, `text` is for standard error
};

std::vector<Command> all_commands();

// `arguments` without the program's name. The command line overrides the TOML file that --config
// names, which overrides --preset, which overrides the defaults. Throws Error for a broken TOML file and for
// inconsistent values; runs nothing and writes nothing.
CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const std::vector<Command>& commands = all_commands());

// docs/options.md: every option, from the declarations that the program uses.
std::string options_page(const std::vector<Command>& commands = all_commands());

}  // namespace palimpsest::experiments
