#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "data/image.h"

// What the readers share: finding folders and parsing the small text files of the data sets.
namespace palimpsest {

// The first of `names` (paths below `root`) that is a folder. Throws Error listing all of them when none is.
fs::path find_folder(const fs::path& root, const std::vector<std::string>& names);

// As above, but empty when none is.
fs::path find_optional_folder(const fs::path& root, const std::vector<std::string>& names);

// The folders (or plain files) directly inside `folder`, by name; hidden ones left out. Throws Error when it cannot be
// listed.
std::vector<fs::path> folders_in(const fs::path& folder);
std::vector<fs::path> files_in(const fs::path& folder);
std::vector<fs::path> dangling_links_in(const fs::path& folder);  // symbolic links to nothing

// Whether the name ends like a picture's: .jpg .jpeg .png .bmp .tif .tiff in any case. Leaves out Thumbs.db and the
// like.
bool is_picture_name(const fs::path& name);

bool is_file(const fs::path& path);  // false also when it cannot be looked at

// All numbers of a text separated by white space or by `separator`. Returns false when something else is in it.
bool parse_numbers(std::string_view text, char separator, std::vector<double>& numbers);

// A text file of nothing but numbers, in exponent notation or not. Throws Error naming the file.
std::vector<double> read_numbers(const fs::path& path);

// x, y, x, y ... as points; empty unless there are exactly 2 * count finite numbers.
std::vector<Point> points_from(const std::vector<double>& numbers, std::size_t count);

// The points of a landmark file; empty when it is missing, does not parse or has another number of points.
std::vector<Point> read_points(const fs::path& path, std::size_t count);

// The number that the digits at the end of a name spell ("ll042t1aaaff016" is 16); -1 without digits.
int trailing_number(std::string_view stem);

// "sequence/name.png": the part of `path` below `root`, with '/' on every system.
std::string path_below(const fs::path& path, const fs::path& root);

}  // namespace palimpsest
