#include "experiments/command_line.h"
#include "experiments/study/config.h"

namespace palimpsest::experiments {

namespace {

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string table(const Fields& fields, const char* dashes) {
  std::string text = "| name | value | default | |\n|---|---|---|---|\n";
  for (const Field& field : fields) {
    const std::string value = field.text();
    text += fmt::format("| `{}{}` | {} | {} | {} |\n", field.positional ? "" : dashes, field.name, cell(field.kind()),
                        field.needed    ? "required"
                        : value.empty() ? ""
                                        : "`" + value + "`",
                        cell(field.help));
  }
  return text + "\n";
}

}  // namespace

std::string options_page(const std::vector<Command>& commands) {
  std::string text =
      "# Options\n\n"
      "Written by `palimpsest info --options`. Every flag has an opposite, --no-NAME. Lists are separated by commas. "
      " `train --config FILE` takes the options of `train` as TOML by the same names.\n\n";
  for (const Command& command : commands) {
    const Call call = command.begin();
    text += fmt::format("## palimpsest {}\n\n{}.\n\n", command.name, command.about) + table(call.fields, "--");
  }
  text += "## Presets of train\n\n| name | for | values |\n|---|---|---|\n";
  for (const Preset& preset : presets()) {
    std::string values = preset.values;
    for (char& c : values) c = c == '\n' ? ' ' : c;
    text += fmt::format("| `{}` | {} | `{}` |\n", preset.name, preset.about, values.substr(0, values.size() - 1));
  }
  text += "\n## CONFIG.toml of palimpsest study\n\n";
  const StudyConfig config;
  const Fields fields = fields_of(config);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& name = fields[i].table;
    if (i > 0 && fields[i - 1].table == name) continue;
    text += name.empty() ? "At the top:\n\n" : fmt::format("[{}]\n\n", name);
    text += table(of_table(fields, name), "");
  }
  return text;
}

}  // namespace palimpsest::experiments
