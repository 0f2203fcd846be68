#include "analysis/predictions.h"

#include <unordered_map>

#include "base/csv.h"
#include "base/error.h"

namespace palimpsest {

namespace {

constexpr std::size_t leading = 3;  // id, label, predicted

int read_classes(const Csv& csv) {
  const auto wrong = [&](const std::string& why) {
    return Error(fmt::format("{} is not a predictions file: {}", csv.path.string(), why),
                 "its header must be id,label,predicted,p0,p1,...; write it with 'evaluate --predictions'");
  };
  if (csv.header.size() < leading + 1) throw wrong(fmt::format("it has {} columns", csv.header.size()));
  for (std::size_t i = 0; i < csv.header.size(); ++i) {
    const char* const names[] = {"id", "label", "predicted"};
    const std::string expected = i < leading ? names[i] : fmt::format("p{}", i - leading);
    if (csv.header[i] != expected)
      throw wrong(fmt::format("column {} is '{}', not '{}'", i + 1, csv.header[i], expected));
  }
  return int(csv.header.size() - leading);
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
  if (value < 0 || value > 1)
    throw Error(fmt::format("{}: {} is {}, which is no probability", csv.where(row), csv.header[column], value),
                "write softmax outputs, not logits");
  return float(value);
}

}  // namespace

Predictions read_predictions(const fs::path& path) {
  const Csv csv = read_csv(path);
  Predictions result;
  result.path = path;
  result.classes = read_classes(csv);
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t row = 0; row < csv.rows.size(); ++row) {
    const std::string& id = csv.rows[row][0];
    const auto [earlier, is_new] = seen.emplace(id, row);
    if (!is_new)
      throw Error(fmt::format("{} has the id '{}' again, first in row {}", csv.where(row), id, earlier->second + 2),
                  "each image may occur once");
    result.ids.push_back(id);
    result.labels.push_back(read_class(csv, row, 1, result.classes));
    result.predicted.push_back(read_class(csv, row, 2, result.classes));
    for (int c = 0; c < result.classes; ++c)
      result.probabilities.push_back(read_probability(csv, row, leading + std::size_t(c)));
  }
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
  text += '\n';
  for (std::size_t i = 0; i < p.size(); ++i) {
    text += fmt::format("{},{},{}", csv_field(p.ids[i]), p.labels[i], p.predicted[i]);
    for (std::size_t c = 0; c < classes; ++c) {
      const float value = p.probabilities[i * classes + c];
      PALIMPSEST_REQUIRE(value >= 0 && value <= 1, "probability {} of '{}'", value, p.ids[i]);
      text += fmt::format(",{}", value);  // the shortest text that reads back as the same float
    }
    text += '\n';
  }
  write_file(path, text);
}

ConfusionMatrix confusion_matrix(const Predictions& predictions) {
  return {predictions.classes, predictions.labels, predictions.predicted};
}

}  // namespace palimpsest
