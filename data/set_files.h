#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "data/dataset.h"

// Shared by the readers: finding folders and parsing the small text files of the data sets.
namespace palimpsest::data {

// The first of `names` (paths below `root`) that is a folder. Throws Error listing all of them if none is.
fs::path find_folder(const fs::path& root, const std::vector<std::string>& names);

// As above, but empty when none is.
fs::path find_optional_folder(const fs::path& root, const std::vector<std::string>& names);

enum class EntryKind : std::uint8_t {
  file,
  folder,
  linked_folder,  // a symbolic link to a folder
  dangling_link,  // a dangling symbolic link
  other           // a pipe, a socket, a device
};

struct Entry {
  fs::path path;
  EntryKind kind = EntryKind::other;
  bool hidden = false;  // its name begins with a dot; or it is the __MACOSX that macOS adds to archives
};

// All entries of `folder`, by name. Throws Error when it cannot be listed.
std::vector<Entry> entries_in(const fs::path& folder);

// Only the folders, linked or not, or the files, without hidden ones.
std::vector<fs::path> folders_in(const fs::path& folder);
std::vector<fs::path> files_in(const fs::path& folder);

// The extensions of supported pictures, in any case.
inline constexpr std::array<std::string_view, 14> picture_extensions{
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm", ".pbm", ".pnm"};
bool is_picture_name(const fs::path& name);

std::string lower_case(std::string_view text);  // of ASCII letters
std::string lower_case_extension(const fs::path& name);

bool is_file(const fs::path& path);  // also false when it cannot be accessed

// All numbers of a text separated by white space or by `separator`. Returns false if it contains anything else.
bool parse_numbers(std::string_view text, char separator, std::vector<double>& numbers);

// A text file of at most 1 MiB, without its byte-order mark.
std::string read_small_text(const fs::path& path);

// A text file of numbers only, in exponent notation or not. Throws Error naming the file.
std::vector<double> read_numbers(const fs::path& path);

// x, y, x, y ... as points; empty unless there are exactly 2 * count finite numbers.
std::vector<Point> points_from(const std::vector<double>& numbers, std::size_t count);

// Unused files of samples that are kept.
struct UnusedFiles {
  std::int64_t count = 0;
  fs::path first;

  void add(const fs::path& path);
  // Prints one remark "SET: COUNT WHAT; the first is FIRST", if there are any.
  void report(const std::string& set, std::string_view what) const;
};

// The points of a landmark file; empty when it is missing, or does not parse or has another number of points (noted in
// `unused`).
std::vector<Point> read_points(const fs::path& path, std::size_t count, UnusedFiles& unused);

// The number that the digits at the end of a name spell ("ll042t1aaaff016" is 16); -1 without digits.
int trailing_number(std::string_view stem);

// "; for instance ID: REASON" for the first skipped file; empty when none was.
std::string for_instance(const Dataset& set);

// "sequence/name.png": the part of `path` below `root`, with '/' on every system.
std::string path_below(const fs::path& path, const fs::path& root);

}  // namespace palimpsest::data
