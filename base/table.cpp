#include "base/table.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/progress.h"

namespace palimpsest {

namespace {

using Row = std::vector<std::string>;

constexpr std::string_view separators = ",;\t|";

// A column's name for comparison: lower case, without surrounding blanks, quotes or '#'.
std::string plain_name(std::string_view name) {
  constexpr std::string_view around = " \t\r\n\"'#";
  const auto first = name.find_first_not_of(around);
  if (first == std::string_view::npos) return {};
  std::string plain(name.substr(first, name.find_last_not_of(around) - first + 1));
  std::transform(plain.begin(), plain.end(), plain.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return plain;
}

std::string separator_name(char separator) {
  if (separator == '\t') return "tabs";
  return separator == ';' ? "semicolons" : fmt::format("'{}'", separator);
}

class TableReader {
 public:
  TableReader(const fs::path& path, const TableColumns& columns) : path_(path), columns_(columns) {}

  Table read() {
    const std::string text = read_csv_text(path_);
    std::string_view rest = text;
    choose_separator(rest);
    table_.csv = {path_, {}, parse_csv(path_, rest, separator_)};
    if (table_.csv.rows.empty()) throw Error(fmt::format("{} is empty", path_.string()), "unpack or copy it again");
    take_header();
    check_widths();
    return std::move(table_);
  }

 private:
  // Where each column is in `row`; -1: missing.
  std::vector<int> find_in(const Row& row) const {
    std::vector<int> at(columns_.names.size(), -1);
    for (std::size_t i = 0; i < row.size(); ++i)
      for (std::size_t name = 0; name < at.size(); ++name) {
        if (plain_name(row[i]) != plain_name(columns_.names[name])) continue;
        if (at[name] >= 0)
          throw Error(fmt::format("{} has two columns called {}", path_.string(), columns_.names[name]),
                      "rename or remove one of them");
        at[name] = int(i);
      }
    return at;
  }

  // Excel's first line "sep=;", or the separator with which the first line names the most columns or, if it names none,
  // splits into the expected number of fields; the first of several.
  void choose_separator(std::string_view& rest) {
    while (!rest.empty() && (rest.front() == '\n' || rest.front() == '\r')) rest.remove_prefix(1);
    const auto line = rest.substr(0, rest.find_first_of("\r\n"));
    if (line.size() == 5 && plain_name(line.substr(0, 4)) == "sep=" &&
        separators.find(line[4]) != std::string_view::npos) {
      separator_ = line[4];
      rest.remove_prefix(line.size());
      return say_separator();
    }
    std::size_t best = 0;
    for (const char separator : separators) {
      const std::size_t worth = worth_of(line, separator);
      if (worth <= best) continue;
      best = worth;
      separator_ = separator;
    }
    say_separator();
  }

  std::size_t worth_of(std::string_view line, char separator) const {
    Row row;
    try {
      auto rows = parse_csv(path_, line, separator);
      if (!rows.empty()) row = std::move(rows.front());
    } catch (const Error&) {
      return 0;  // quotes that are not next to such separators
    }
    const auto at = find_in(row);
    const auto named = std::size_t(std::count_if(at.begin(), at.end(), [](int i) { return i >= 0; }));
    return 2 * named + (row.size() == columns_.names.size() ? 1 : 0);
  }

  void say_separator() const {
    if (separator_ != ',')
      remark(fmt::format("{}: its fields are separated by {}", path_.string(), separator_name(separator_)));
  }

  void take_header() {
    Csv& csv = table_.csv;
    Row& first = csv.rows.front();
    table_.at = find_in(first);
    if (std::all_of(table_.at.begin(), table_.at.end(), [](int i) { return i < 0; })) return take_no_header();
    csv.header = std::move(first);
    csv.rows.erase(csv.rows.begin());
    for (std::size_t name = 0; name < table_.at.size(); ++name)
      if (table_.at[name] < 0 && !is_optional(columns_.names[name]))
        throw Error(fmt::format("{} has no column {}", path_.string(), columns_.names[name]),
                    fmt::format("its first line must name the columns; it names: {}", fmt::join(csv.header, ", ")));
    width_ = csv.header.size();
    while (width_ > 0 && plain_name(csv.header[width_ - 1]).empty()) --width_;
    csv.header.resize(width_);
  }

  void take_no_header() {
    width_ = columns_.names.size();
    Row first = table_.csv.rows.front();
    cut(first);
    if (first.size() != width_)
      throw Error(fmt::format("the first line of {} has {} columns and names none of the expected ones", path_.string(),
                              first.size()),
                  fmt::format("its first line should be: {}", fmt::join(columns_.names, ",")));
    for (std::size_t name = 0; name < width_; ++name) table_.at[name] = int(name);
    remark(fmt::format("{} has no header: its columns are assumed to be {}", path_.string(),
                       fmt::join(columns_.names, ", ")));
  }

  bool is_optional(std::string_view name) const {
    return std::find(columns_.optional.begin(), columns_.optional.end(), name) != columns_.optional.end();
  }

  // Removes the empty fields beyond the last column.
  void cut(Row& row) const {
    while (row.size() > width_ && without_blanks(row.back()).empty()) row.pop_back();
  }

  void check_widths() {
    auto& rows = table_.csv.rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      cut(rows[i]);
      if (rows[i].size() == width_) continue;
      const bool other =
          separator_ == ',' && rows[i].size() == 1 && rows[i][0].find_first_of(";\t|") != std::string::npos;
      throw Error(fmt::format("{} has {} {}, but {} are expected{}", table_.csv.where(i), rows[i].size(),
                              rows[i].size() == 1 ? "field" : "fields", width_,
                              separator_ == ',' ? "" : " (separated by " + separator_name(separator_) + ")"),
                  other || separator_ != ',' ? "save it with commas as separators, and quote fields that contain one"
                                             : "correct that row");
    }
  }

  const fs::path& path_;
  const TableColumns& columns_;
  Table table_;
  char separator_ = ',';
  std::size_t width_ = 0;
};

}  // namespace

Table read_table(const fs::path& path, const TableColumns& columns) {
  return TableReader(path, columns).read();
}

}  // namespace palimpsest
