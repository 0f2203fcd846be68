#include "data/set_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "base/file_kind.h"
#include "base/progress.h"

namespace palimpsest::data {

fs::path find_optional_folder(const fs::path& root, const std::vector<std::string>& names) {
  std::error_code code;
  for (const auto& name : names)
    if (fs::is_directory(root / name, code)) return root / name;
  return {};
}

fs::path find_folder(const fs::path& root, const std::vector<std::string>& names) {
  std::error_code code;
  if (!fs::is_directory(root, code))
    throw Error(fmt::format("the folder {} does not exist", root.string()), "check the path");
  const auto found = find_optional_folder(root, names);
  if (found.empty())
    throw Error(fmt::format("{} has no folder {}", root.string(), fmt::join(names, " or ")),
                "name the folder that holds the unpacked data set, and check that it is of this kind");
  return found;
}

namespace {

EntryKind kind_of(const fs::directory_entry& entry) {
  std::error_code code;
  if (entry.is_regular_file(code)) return EntryKind::file;
  const bool link = entry.is_symlink(code);
  if (entry.is_directory(code)) return link ? EntryKind::linked_folder : EntryKind::folder;
  return link && !entry.exists(code) ? EntryKind::dangling_link : EntryKind::other;
}

template <typename Wanted>
std::vector<fs::path> seen_in(const fs::path& folder, const Wanted& wanted) {
  std::vector<fs::path> found;
  for (auto& entry : entries_in(folder))
    if (!entry.hidden && wanted(entry.kind)) found.push_back(std::move(entry.path));
  return found;
}

}  // namespace

std::vector<Entry> entries_in(const fs::path& folder) {
  std::vector<Entry> found;
  try {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      found.push_back({entry.path(), kind_of(entry), name.front() == '.' || name == "__MACOSX"});
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("cannot list the folder {}: {}", folder.string(), error.code().message()),
                "check the path");
  }
  std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return found;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  return seen_in(folder, [](EntryKind kind) { return kind == EntryKind::folder || kind == EntryKind::linked_folder; });
}

std::vector<fs::path> files_in(const fs::path& folder) {
  return seen_in(folder, [](EntryKind kind) { return kind == EntryKind::file; });
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = char(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string lower_case_extension(const fs::path& name) {
  return lower_case(name.extension().string());
}

bool is_picture_name(const fs::path& name) {
  const auto& known = picture_extensions;
  return std::find(known.begin(), known.end(), lower_case_extension(name)) != known.end();
}

bool is_file(const fs::path& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

bool parse_numbers(std::string_view text, char separator, std::vector<double>& numbers) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto between = [&](char c) { return c == separator || std::isspace(static_cast<unsigned char>(c)) != 0; };
  for (;;) {
    while (at != end && between(*at)) ++at;
    if (at == end) return true;
    if (*at == '+') ++at;
    double value = 0;
    const auto [next, code] = std::from_chars(at, end, value);
    if (code != std::errc{} || !std::isfinite(value) || (next != end && !between(*next))) return false;
    numbers.push_back(value);
    at = next;
  }
}

std::string read_small_text(const fs::path& path) {
  std::string text = read_file(path, 1 << 20);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

std::vector<double> read_numbers(const fs::path& path) {
  const std::string text = read_small_text(path);
  std::vector<double> numbers;
  if (parse_numbers(text, ' ', numbers)) return numbers;
  const FileKind kind = file_kind(text);
  if (kind.known() && kind.name != "a text file")
    throw Error(fmt::format("{} is {}", path.string(), kind.name), "save it as plain text in UTF-8");
  const bool text_only = kind.known();
  throw Error(fmt::format("{} holds {}, which is not a number", path.string(),
                          text_only ? fmt::format("'{}'", without_blanks(text).substr(0, 40)) : "something"),
              "correct that file");
}

std::vector<Point> points_from(const std::vector<double>& numbers, std::size_t count) {
  if (numbers.size() != 2 * count) return {};
  std::vector<Point> points(count);
  for (std::size_t i = 0; i < count; ++i) points[i] = {numbers[2 * i], numbers[2 * i + 1]};
  const bool finite = std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
  return finite ? points : std::vector<Point>{};
}

void UnusedFiles::add(const fs::path& path) {
  if (count++ == 0) first = path;
}

void UnusedFiles::report(const std::string& set, std::string_view what) const {
  if (count > 0) remark(fmt::format("{}: {} {}; the first is {}", set, count, what, first.string()));
}

std::vector<Point> read_points(const fs::path& path, std::size_t count, UnusedFiles& unused) {
  if (!is_file(path)) return {};
  std::vector<double> numbers;
  std::vector<Point> points;
  if (parse_numbers(read_small_text(path), ' ', numbers)) points = points_from(numbers, count);
  if (points.empty()) unused.add(path);
  return points;
}

int trailing_number(std::string_view stem) {
  std::size_t begin = stem.size();
  while (begin > 0 && std::isdigit(static_cast<unsigned char>(stem[begin - 1]))) --begin;
  int number = -1;
  const auto [end, code] = std::from_chars(stem.data() + begin, stem.data() + stem.size(), number);
  return code == std::errc{} ? number : -1;
}

std::string for_instance(const Dataset& set) {
  if (set.skipped.empty()) return {};
  return fmt::format("; for instance {}: {}", set.skipped.front().id, set.skipped.front().reason);
}

std::string path_below(const fs::path& path, const fs::path& root) {
  return path.lexically_relative(root).generic_string();
}

}  // namespace palimpsest::data
