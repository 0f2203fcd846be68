#include "experiments/settings/toml.h"

#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/nearest_word.h"
#include "base/progress.h"

namespace palimpsest {

namespace {

std::string joined(const std::string& section, const std::string& key) {
  return section.empty() ? key : section + "." + key;
}

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

class Reader {
 public:
  Reader(const std::string& file, const std::vector<Section>& sections, bool first)
      : file_(file), sections_(sections), first_(first) {}

  std::set<std::string> read(const std::string& text) {
    try {
      walk(toml::parse(text, file_), "");
    } catch (const toml::parse_error& error) {
      throw Error(fmt::format("{}:{}: {}", file_, error.source().begin.line, error.description()),
                  "correct this line of TOML");
    }
    if (!older_.empty() && !first_)
      remark(fmt::format("{}: options have one spelling now, which is that of the command line: {}.", file_,
                         fmt::join(older_, ", ")));
    return given_;
  }

 private:
  void walk(const toml::table& table, const std::string& section) {
    for (const auto& [key, node] : table) {
      std::string name(key.str());
      std::replace(name.begin(), name.end(), '_', '-');
      const std::string full = joined(section, name);
      if (const Field* const field = find(section, name)) {
        if (first_ && !field->read_first) continue;
        if (std::string(key.str()) != field->name) older_.push_back(fmt::format("{} for {}", field->name, key.str()));
        if (!given_.insert(joined(section, field->name)).second)
          throw Error(fmt::format("{}: {} is given twice", place(node), joined(section, field->name)),
                      "leave one of them out");
        field->set(values(node, *field, full), place(node) + ": " + full);
      } else if (is_section(full)) {
        if (!node.is_table())
          throw Error(fmt::format("{}: {} is not a table", place(node), full), "write [" + full + "]");
        walk(*node.as_table(), full);
      } else {
        refuse(full, node);
      }
    }
  }

  std::string place(const toml::node& node) const { return fmt::format("{}:{}", file_, node.source().begin.line); }

  const Field* find(const std::string& section, const std::string& name) const {
    for (const Section& one : sections_) {
      if (one.name != section) continue;
      for (const Field& field : one.fields->all())
        if (field.in_files && (field.name == name || std::ranges::count(field.former_names, name) > 0)) return &field;
    }
    return nullptr;
  }
  bool is_section(const std::string& name) const {
    return std::ranges::any_of(
        sections_, [&](const Section& one) { return one.name == name || one.name.starts_with(name + "."); });
  }

  [[noreturn]] void refuse(const std::string& key, const toml::node& node) const {
    std::vector<std::string> known;
    for (const Section& one : sections_) {
      if (!one.name.empty()) known.push_back(one.name);
      for (const Field& field : one.fields->all())
        if (field.in_files) known.push_back(joined(one.name, field.name));
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
    const bool word = std::ranges::count(field.choices, text) > 0;
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
  const std::vector<Section>& sections_;
  bool first_;
  std::set<std::string> given_;
  std::vector<std::string> older_;
};

std::string toml_value(const Field& field, const std::string& text) {
  if (field.type == FieldType::text || field.type == FieldType::path) return quoted(text);
  return field.type == FieldType::number && text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

}  // namespace

std::set<std::string> read_toml(const std::string& text, const std::string& file, const std::vector<Section>& sections,
                                bool first) {
  return Reader(file, sections, first).read(text);
}

std::string toml_line(const Field& field) {
  std::vector<std::string> written;
  for (const auto& value : field.values()) written.push_back(toml_value(field, value));
  if (field.list) return fmt::format("{} = [{}]", field.name, fmt::join(written, ", "));
  return fmt::format("{} = {}", field.name, written.empty() ? "nothing" : written.front());
}

std::string write_toml(const Fields& fields) {
  std::string text, group;
  for (const Field& field : fields.all()) {
    if (!field.in_files || (field.optional && field.values().empty())) continue;
    if (field.group != group) text += fmt::format("\n# {}\n", group = field.group);
    text += toml_line(field) + "\n";
  }
  return text;
}

}  // namespace palimpsest
