#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiments/command.h"

namespace palimpsest {

// What a command line asks for: a command with its settings, or only a text to print (help, version, what is wrong).
struct CommandLine {
  std::optional<Command> command;
  Call call;
  bool quiet = false;
  std::string text;
  int exit_code = 0;  // 0: `text` is for standard output; 2: the line makes no sense, `text` is for standard error
};

std::vector<Command> all_commands();

// `arguments` without the program's name. Options count in this order: command line, then the TOML file that --config
// names, then --preset, then the defaults. Throws Error for a broken TOML file and for values that make no sense
// together; runs nothing and writes nothing.
CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const std::vector<Command>& commands = all_commands());

// docs/options.md: every option, from the descriptions that the program itself is made of.
std::string options_page(const std::vector<Command>& commands = all_commands());

}  // namespace palimpsest
