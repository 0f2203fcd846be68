#include <map>
#include <sstream>

#include "base/error.h"
#include "data/source.h"
#include "experiments/settings/toml.h"
#include "experiments/train.h"

namespace palimpsest::experiments {

namespace {

// What a run writes below its options: "# key: value".
std::map<std::string, std::string> remarks_in(const std::string& config) {
  std::map<std::string, std::string> remarks;
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line);)
    if (const auto colon = line.find(": "); line.starts_with("# ") && colon != std::string::npos)
      remarks[line.substr(2, colon - 2)] = line.substr(colon + 2);
  return remarks;
}

std::string place(const fs::path& path) {
  std::error_code code;
  const fs::path whole = path.empty() ? path : fs::weakly_canonical(path, code);
  return code ? path.string() : whole.string();
}

std::string place_of_data(const std::string& name) {
  data::Source source;
  from_text(name, source);
  return fmt::format("{}:{},{}", data::scheme_name(source.scheme), place(source.path), place(source.labels));
}

// Left to the data or the weights in one of two runs: its remarks and its checkpoint have what came of it.
bool left_open(const Field& field) {
  const std::string value = field.text();
  return (field.name == "classes" && value == "0") || (field.name == "normalisation" && value == "auto");
}

bool same(const Field& then, const Field& today) {
  const std::string a = then.text(), b = today.text();
  if (a == b || !today.changes_results || left_open(then) || left_open(today)) return true;
  if (today.name == "epochs") return std::stoll(b) >= std::stoll(a);
  if (!today.names_content) return false;
  if (a.empty() || b.empty()) return false;
  const bool data = today.name == "data" || today.name == "rehearse";
  return data ? place_of_data(a) == place_of_data(b) : place(a) == place(b);
}

}  // namespace

std::string difference_of_runs(const std::string& earlier, const std::string& now, const fs::path& file) {
  TrainCommand then, today;
  const Fields before = fields_of(then), after = fields_of(today);
  read_toml(earlier, file.string(), before);
  read_toml(now, file.string(), after);
  for (std::size_t i = 0; i < after.size(); ++i)
    if (after[i].in_files && !same(before[i], after[i]))
      return fmt::format("'{}' there, '{}' now", toml_line(before[i]), toml_line(after[i]));
  const auto remarks = remarks_in(now);
  for (const auto& [key, value] : remarks_in(earlier))
    if (const auto other = remarks.find(key); other != remarks.end() && other->second != value)
      return fmt::format("'{}: {}' there, '{}: {}' now", key, value, key, other->second);
  return {};
}

}  // namespace palimpsest::experiments
