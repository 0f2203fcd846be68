#include "experiments/settings/toml.h"

#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/nearest_word.h"
#include "base/progress.h"

namespace palimpsest::experiments {

namespace {

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

class Reader {
 public:
  Reader(const std::string& file, const Fields& fields) : file_(file), fields_(fields) {}

  std::set<std::string> given;
  std::vector<std::string> older;  // "lr for rate"

  // `table` as in Field.
  void read(const toml::table& nodes, const std::string& table) {
    for (const auto& [written, node] : nodes) {
      std::string name(written.str());
      std::ranges::replace(name, '_', '-');
      const std::string key = table.empty() ? name : table + "." + name;
      const auto named = [&](const Field& f) {
        return f.in_files && f.table == table && (f.name == name || f.former_name == name);
      };
      if (const auto field = std::ranges::find_if(fields_, named); field != fields_.end()) {
        if (written.str() != field->name) older.push_back(fmt::format("{} for {}", field->name, written.str()));
        if (!given.insert(field->key()).second)
          throw Error(fmt::format("{}: {} is given twice", place(node), field->key()), "remove one of them");
        field->set(values(node, *field, key), place(node) + ": " + key);
      } else if (!is_table(key)) {
        refuse(key, node);
      } else if (node.is_table()) {
        read(*node.as_table(), key);
      } else {
        throw Error(fmt::format("{}: {} is not a table", place(node), key), "write [" + key + "]");
      }
    }
  }

 private:
  std::string place(const toml::node& node) const { return fmt::format("{}:{}", file_, node.source().begin.line); }

  bool is_table(const std::string& name) const {
    return std::ranges::any_of(fields_, [&](const Field& f) { return (f.table + ".").starts_with(name + "."); });
  }

  [[noreturn]] void refuse(const std::string& key, const toml::node& node) const {
    std::vector<std::string> known;
    for (const Field& field : fields_) {
      if (!field.table.empty()) known.push_back(field.table);
      if (field.in_files) known.push_back(field.key());
    }
    const std::string near = nearest_word(key, known);
    throw Error(fmt::format("{}: unknown option '{}'", place(node), key),
                (near.empty() ? "" : fmt::format("did you mean {}? ", near)) + "docs/options.md lists all");
  }

  // The texts that a node stands for. A pair in a list becomes one text ("contempt 14"), an entry of a table too.
  std::vector<std::string> values(const toml::node& node, const Field& field, const std::string& key) const {
    if (!field.list) return {value(node, field, key)};
    std::vector<std::string> texts;
    if (const auto* const table = node.as_table()) {
      for (const auto& [name, entry] : *table) texts.push_back(fmt::format("{} {}", name.str(), several(entry)));
      return texts;
    }
    const auto* const array = node.as_array();
    if (!array) throw Error(fmt::format("{}: {} is not a list", place(node), key), "write it as [a, b]");
    for (const toml::node& entry : *array)
      texts.push_back(entry.is_array() ? several(entry) : value(entry, field, key));
    return texts;
  }
  std::string several(const toml::node& node) const {
    std::string text;
    if (const auto* const array = node.as_array())
      for (const toml::node& entry : *array) text += (text.empty() ? "" : " ") + any(entry);
    return text;
  }
  static std::string any(const toml::node& node) {
    if (node.is_string()) return *node.value<std::string>();
    if (node.is_integer()) return fmt::format("{}", *node.value<std::int64_t>());
    if (node.is_floating_point()) return fmt::format("{}", *node.value<double>());
    if (node.is_boolean()) return *node.value<bool>() ? "true" : "false";
    return "a " + std::string(node.is_table() ? "table" : node.is_array() ? "list" : "date or time");
  }
  std::string value(const toml::node& node, const Field& field, const std::string& key) const {
    const std::string text = any(node);
    // A word may be true or false; else what is written in quotes is a text, and what is not is none.
    const bool word = std::ranges::count(field.choices, text) > 0 || (!field.as_flag.empty() && node.is_boolean());
    const bool right = field.type == FieldType::flag      ? node.is_boolean()
                       : field.type == FieldType::integer ? node.is_integer()
                       : field.type == FieldType::number  ? node.is_number()
                                                          : node.is_string() || word;
    if (!right)
      throw Error(
          fmt::format("{}: {}: {} is not {}", place(node), key, node.is_string() ? quoted(text) : text, field.kind()),
          field.type == FieldType::text || field.type == FieldType::path ? "write it in quotes"
                                                                         : "write it without quotes");
    return text;
  }

  const std::string& file_;
  const Fields& fields_;
};

std::string toml_value(const Field& field, const std::string& text) {
  if (field.type == FieldType::text || field.type == FieldType::path) return quoted(text);
  return field.type == FieldType::number && text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

}  // namespace

std::set<std::string> read_toml(const std::string& text, const std::string& file, const Fields& fields, bool quiet) {
  Reader reader(file, fields);
  try {
    reader.read(toml::parse(text, file), "");
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()),
                "correct this line of TOML");
  }
  if (!reader.older.empty() && !quiet)
    remark(fmt::format("{}: options are now spelled as on the command line: {}.", file, fmt::join(reader.older, ", ")));
  return reader.given;
}

std::string toml_line(const Field& field) {
  std::vector<std::string> written;
  for (const auto& value : field.values()) written.push_back(toml_value(field, value));
  if (field.list) return fmt::format("{} = [{}]", field.name, fmt::join(written, ", "));
  return fmt::format("{} = {}", field.name, written.empty() ? "nothing" : written.front());
}

std::string write_toml(const Fields& fields) {
  std::string text, group;
  for (const Field& field : fields) {
    if (!field.in_files || (field.optional && field.values().empty())) continue;
    if (field.group != group) text += fmt::format("\n# {}\n", group = field.group);
    text += toml_line(field) + "\n";
  }
  return text;
}

}  // namespace palimpsest::experiments
