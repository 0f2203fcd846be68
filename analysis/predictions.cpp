#include "analysis/predictions.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/class_names.h"
#include "base/csv.h"
#include "base/error.h"

namespace palimpsest::analysis {

namespace {

constexpr std::size_t leading = 3;  // id, label, predicted

constexpr std::size_t trailing = 2;  // label_name, predicted_name

struct Columns {
  int classes = 0;
  bool names = false;
};

// Before the rows are read: fields with other separators would look like rows of the wrong length.
void require_commas(const fs::path& path) {
  const std::string text = read_csv_text(path);
  const auto first = std::string_view(text).substr(0, text.find_first_of("\r\n"));
  if (first.find(',') != std::string_view::npos) return;
  for (const auto& [mark, name] : {std::pair{';', ";"}, std::pair{'\t', "tabs"}, std::pair{'|', "|"}})
    if (first.find(mark) != std::string_view::npos)
      throw Error(fmt::format("{} is not a predictions file: its fields are separated by {}", path.string(), name),
                  "save it with commas between the fields and decimal points in the numbers");
}

Columns read_header(const Csv& csv) {
  const auto wrong = [&](const std::string& why) {
    return Error(
        fmt::format("{} is not a predictions file: {}", csv.path.string(), why),
        "its header must be id,label,predicted,p0,p1,... and may end in label_name,predicted_name; write it with "
        "'evaluate --predictions'");
  };
  const auto& header = csv.header;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (without_blanks(header[i]).empty()) throw wrong(fmt::format("column {} has no name", i + 1));
    if (i > trailing && header[i - 1] == "predicted_name" && header[i - 2] == "label_name")
      throw wrong(fmt::format("column {} is '{}', after predicted_name, which is the last", i + 1, header[i]));
  }
  Columns columns;
  columns.names = header.size() > leading + trailing && header[header.size() - 2] == "label_name" &&
                  header.back() == "predicted_name";
  const std::size_t end = header.size() - (columns.names ? trailing : 0);
  if (end < leading + 1) throw wrong(fmt::format("it has {} columns", header.size()));
  for (std::size_t i = 0; i < end; ++i) {
    const char* const first[] = {"id", "label", "predicted"};
    const std::string expected = i < leading ? first[i] : fmt::format("p{}", i - leading);
    if (header[i] != expected) throw wrong(fmt::format("column {} is '{}', not '{}'", i + 1, header[i], expected));
  }
  columns.classes = int(end - leading);
  return columns;
}

// A class has one name throughout the file.
void read_name(const Csv& csv, std::size_t row, std::size_t column, int number, std::vector<std::string>& names) {
  const std::string& name = csv.rows[row][column];
  std::string& known = names[std::size_t(number)];
  if (known.empty()) known = name;
  if (known != name)
    throw Error(fmt::format("{}: class {} is called '{}' here and '{}' before", csv.where(row), number, name, known),
                "combine only rows of one model");
}

int read_class(const Csv& csv, std::size_t row, std::size_t column, int classes) {
  const long value = parse_integer(csv.rows[row][column], csv.where(row));
  if (value < 0 || value >= classes)
    throw Error(
        fmt::format("{}: the {} is {}, but there are {} classes", csv.where(row), csv.header[column], value, classes),
        fmt::format("classes are numbered from 0 to {}", classes - 1));
  return int(value);
}

float read_probability(const Csv& csv, std::size_t row, std::size_t column) {
  const double value = parse_number(csv.rows[row][column], csv.where(row));
  constexpr double rounding = 1e-6;  // a softmax in float32 may slightly exceed 1
  if (value < -rounding || value > 1 + rounding)
    throw Error(fmt::format("{}: {} is {}, which is not a probability", csv.where(row), csv.header[column], value),
                "write softmax outputs, not logits");
  return float(std::clamp(value, 0.0, 1.0));
}

}  // namespace

std::string Predictions::name_of(int index) const {
  const auto at = std::size_t(index);
  return at < names.size() && !names[at].empty() ? names[at] : std::to_string(index);
}

Predictions read_predictions(const fs::path& path) {
  require_commas(path);
  const Csv csv = read_csv(path);
  Predictions result;
  result.path = path;
  const Columns columns = read_header(csv);
  result.classes = columns.classes;
  if (columns.names) result.names.resize(std::size_t(columns.classes));
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t row = 0; row < csv.rows.size(); ++row) {
    const std::string& id = csv.rows[row][0];
    const auto [earlier, is_new] = seen.emplace(id, row);
    if (!is_new)
      throw Error(fmt::format("{} repeats the id '{}' of row {}", csv.where(row), id, earlier->second + 2),
                  "each image may occur only once");
    result.ids.push_back(id);
    result.labels.push_back(read_class(csv, row, 1, result.classes));
    result.predicted.push_back(read_class(csv, row, 2, result.classes));
    for (int c = 0; c < result.classes; ++c)
      result.probabilities.push_back(read_probability(csv, row, leading + std::size_t(c)));
    if (!columns.names) continue;
    const std::size_t end = csv.header.size();
    read_name(csv, row, end - 2, result.labels.back(), result.names);
    read_name(csv, row, end - 1, result.predicted.back(), result.names);
  }
  std::vector<std::string> known = result.names;
  std::erase(known, "");
  require_distinct_names(known, path.string());
  return result;
}

void write_predictions(const fs::path& path, const Predictions& p) {
  const auto classes = std::size_t(p.classes);
  PALIMPSEST_REQUIRE(
      p.labels.size() == p.size() && p.predicted.size() == p.size() && p.probabilities.size() == p.size() * classes,
      "{} ids, {} labels, {} predictions, {} probabilities", p.size(), p.labels.size(), p.predicted.size(),
      p.probabilities.size());
  std::string text = "id,label,predicted";
  for (std::size_t c = 0; c < classes; ++c) text += fmt::format(",p{}", c);
  const bool named = !p.names.empty();
  text += named ? ",label_name,predicted_name\n" : "\n";
  for (std::size_t i = 0; i < p.size(); ++i) {
    text += fmt::format("{},{},{}", csv_field(p.ids[i]), p.labels[i], p.predicted[i]);
    for (std::size_t c = 0; c < classes; ++c) {
      const float value = p.probabilities[i * classes + c];
      PALIMPSEST_REQUIRE(value >= 0 && value <= 1, "probability {} of '{}'", value, p.ids[i]);
      text += fmt::format(",{}", value);  // the shortest text that reads back as the same float
    }
    if (named)
      text += fmt::format(",{},{}", csv_field(p.names.at(std::size_t(p.labels[i]))),
                          csv_field(p.names.at(std::size_t(p.predicted[i]))));
    text += '\n';
  }
  write_file(path, text);
}

ConfusionMatrix confusion_matrix(const Predictions& predictions) {
  return {predictions.classes, predictions.labels, predictions.predicted};
}

}  // namespace palimpsest::analysis
