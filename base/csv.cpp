#include "base/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"

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

namespace {
constexpr std::size_t longest_field = 1 << 20;
}

Csv read_csv(const fs::path& path, bool has_header) {
  const std::string text = read_file(path);
  if (text.find('\0') != std::string::npos)
    throw Error(fmt::format("{} holds a zero byte, which no CSV file does", path.string()),
                "save it as plain text in UTF-8");
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  Csv csv{path, {}, {}};
  std::vector<std::string> row;
  std::string field;
  bool quoted = false, any = false, closed = false;
  const auto end_row = [&] {
    if (!any && row.empty() && field.empty()) return;  // an empty line
    row.push_back(std::move(field));
    field.clear();
    any = closed = false;
    csv.rows.push_back(std::move(row));
    row.clear();
  };
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (quoted) {
      if (c != '"')
        field += c;
      else if (i + 1 < rest.size() && rest[i + 1] == '"')
        field += rest[++i];
      else
        quoted = false, closed = true;
    } else if (c == '"' && field.empty() && !closed) {
      quoted = any = true;
    } else if (c == ',') {
      row.push_back(std::move(field));
      field.clear();
      any = true;
      closed = false;
    } else if (c == '\n' || c == '\r') {  // CR LF ends a row and then an empty one
      end_row();
    } else {
      if (closed)
        throw Error(fmt::format("{}, row {} has text after a closing quote", path.string(), csv.rows.size() + 1),
                    "put the whole field in quotes, and write a quote within it twice");
      field += c;
    }
    if (field.size() > longest_field)
      throw Error(fmt::format("{}, row {} has a field of more than {} bytes", path.string(), csv.rows.size() + 1,
                              longest_field),
                  "mend that row; a quote may have been left open");
  }
  if (quoted)
    throw Error(fmt::format("{} ends inside a quoted field", path.string()),
                "close the quote; the file may be cut short");
  end_row();
  if (has_header) {
    if (csv.rows.empty())
      throw Error(fmt::format("{} is empty", path.string()), "its first line must name the columns");
    csv.header = std::move(csv.rows.front());
    csv.rows.erase(csv.rows.begin());
  }
  const std::size_t width = has_header ? csv.header.size() : csv.rows.empty() ? 0 : csv.rows.front().size();
  for (std::size_t i = 0; i < csv.rows.size(); ++i)
    if (csv.rows[i].size() != width)
      throw Error(fmt::format("{} has {} fields where {} are expected", csv.where(i), csv.rows[i].size(), width),
                  "mend that row");
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

namespace {
std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}
template <typename T>
T parse(std::string_view text, std::string_view where, const char* what) {
  auto t = trimmed(text);
  if (t.starts_with('+')) t.remove_prefix(1);
  T value{};
  const auto [end, code] = std::from_chars(t.data(), t.data() + t.size(), value);
  bool good = code == std::errc{} && end == t.data() + t.size() && !t.empty();
  if constexpr (std::is_floating_point_v<T>) good = good && std::isfinite(value);
  if (!good) throw Error(fmt::format("{}: '{}' is not {}", where, text.substr(0, 60), what), "mend that value");
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
