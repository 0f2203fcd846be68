#include "base/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/file_kind.h"

namespace palimpsest {

int Csv::column(std::string_view name) const {
  const auto at = std::find(header.begin(), header.end(), name);
  if (at == header.end())
    throw Error(fmt::format("{} has no column '{}'", path.string(), name),
                fmt::format("its first line must name the columns; it names: {}", fmt::join(header, ", ")));
  return int(at - header.begin());
}

std::string Csv::where(std::size_t row) const {
  return fmt::format("{}, row {}", path.string(), row + (header.empty() ? 1 : 2));
}

std::string read_csv_text(const fs::path& path) {
  std::string text = read_file(path);
  const FileKind kind = file_kind(text);
  if (kind.known() && kind.name != "a text file")
    throw Error(fmt::format("{} is not a CSV file: it is {}", path.string(), kind.name),
                std::string(kind.remedy.empty() ? "give the list as plain text" : kind.remedy));
  if (const auto zero = text.find('\0'); zero != std::string::npos)
    throw Error(fmt::format("{} contains a zero byte and is not a CSV file{}", path.string(),
                            zero < 2 ? "; it may be UTF-16 text" : ""),
                "save it as plain text in UTF-8");
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

namespace {

constexpr std::size_t longest_field = 1 << 20;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// One pass over the text, a character at a time.
class CsvParser {
 public:
  CsvParser(const fs::path& path, char separator) : path_(path), separator_(separator) {}

  std::vector<std::vector<std::string>> parse(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!quoted_)
        take(text[i]);
      else if (text[i] != '"')
        field_ += text[i];
      else if (i + 1 < text.size() && text[i + 1] == '"')
        field_ += text[++i];
      else
        quoted_ = false, closed_ = true;
      if (field_.size() > longest_field)
        throw Error(fmt::format("{} has a field of more than {} bytes", where(), longest_field),
                    "correct that row; a quote may have been left open");
    }
    if (quoted_)
      throw Error(fmt::format("{} ends inside a quoted field", path_.string()),
                  "close the quote; the file may be cut short");
    end_row();
    return std::move(rows_);
  }

 private:
  std::string where() const { return fmt::format("{}, row {}", path_.string(), rows_.size() + 1); }

  void take(char c) {
    if (c == separator_) {
      end_field();
      any_ = true;
    } else if (c == '\n' || c == '\r') {  // CR LF ends a row and then an empty one
      end_row();
    } else if (c == '"' && !closed_ && std::all_of(field_.begin(), field_.end(), is_blank)) {
      field_.clear();  // blanks before a quote do not belong to the field, nor do those after it
      quoted_ = any_ = true;
    } else if (!closed_) {
      field_ += c;
    } else if (!is_blank(c)) {
      throw Error(where() + " has text after a closing quote",
                  "put the whole field in quotes, and write a quote within it twice");
    }
  }

  void end_field() {
    row_.push_back(std::move(field_));
    field_.clear();
    closed_ = false;
  }

  void end_row() {
    if (!any_ && row_.empty() && field_.empty()) return;  // an empty line
    end_field();
    any_ = false;
    rows_.push_back(std::move(row_));
    row_.clear();
  }

  const fs::path& path_;
  char separator_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> row_;
  std::string field_;
  bool quoted_ = false, any_ = false, closed_ = false;
};

}  // namespace

std::vector<std::vector<std::string>> parse_csv(const fs::path& path, std::string_view text, char separator) {
  return CsvParser(path, separator).parse(text);
}

Csv read_csv(const fs::path& path, bool has_header) {
  Csv csv{path, {}, parse_csv(path, read_csv_text(path))};
  if (has_header) {
    if (csv.rows.empty())
      throw Error(fmt::format("{} is empty", path.string()), "its first line must name the columns");
    csv.header = std::move(csv.rows.front());
    csv.rows.erase(csv.rows.begin());
  }
  const std::size_t width = has_header ? csv.header.size() : csv.rows.empty() ? 0 : csv.rows.front().size();
  for (std::size_t i = 0; i < csv.rows.size(); ++i)
    if (csv.rows[i].size() != width)
      throw Error(fmt::format("{} has {} fields, but {} are expected", csv.where(i), csv.rows[i].size(), width),
                  "correct that row");
  return csv;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

namespace {
template <typename T>
T parse(std::string_view text, std::string_view where, const char* what) {
  auto t = without_blanks(text);
  if (t.starts_with('+')) t.remove_prefix(1);
  T value{};
  const auto [end, code] = std::from_chars(t.data(), t.data() + t.size(), value);
  bool good = code == std::errc{} && end == t.data() + t.size() && !t.empty();
  if constexpr (std::is_floating_point_v<T>) good = good && std::isfinite(value);
  if (!good) throw Error(fmt::format("{}: '{}' is not {}", where, text.substr(0, 60), what), "correct that value");
  return value;
}
}  // namespace

double parse_number(std::string_view text, std::string_view where) {
  return parse<double>(text, where, "a finite number");
}
long parse_integer(std::string_view text, std::string_view where) {
  return parse<long>(text, where, "a whole number");
}

}  // namespace palimpsest
