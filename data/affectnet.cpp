// AffectNet's first release. What is found in the wild: the header begins with '#' in one release and is missing from
// validation.csv in another; one archive nests Manually_Annotated/Manually_Annotated_Images; rows whose numbers do not
// parse; boxes of negative width; .tif, .bmp and upper-case names among the pictures; landmarks that are empty.
#include <array>
#include <charconv>
#include <map>

#include "base/csv.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "data/emotions.h"
#include "data/readers.h"
#include "data/set_files.h"

namespace palimpsest {

namespace {

constexpr std::array<std::string_view, 9> standard_columns{
    "subDirectory_filePath", "face_x",     "face_y",  "face_width", "face_height",
    "facial_landmarks",      "expression", "valence", "arousal"};

struct Columns {
  int path, left, top, width, height, landmarks, expression;
};

// Takes the header off the rows where there is one; without one, the columns are in the standard order.
Columns take_columns(Csv& list) {
  const auto& first = list.rows.front();
  std::string_view name = first[0];
  if (name.starts_with('#')) name.remove_prefix(1);
  if (name == standard_columns[0]) {
    list.header = first;
    list.header[0] = name;
    list.rows.erase(list.rows.begin());
  } else if (first.size() == standard_columns.size()) {
    list.header.assign(standard_columns.begin(), standard_columns.end());
  } else {
    throw Error(fmt::format("{} has no header and {} columns where AffectNet has {}", list.path.string(), first.size(),
                            standard_columns.size()),
                fmt::format("its first line should be: {}", fmt::join(standard_columns, ",")));
  }
  return {list.column("subDirectory_filePath"),
          list.column("face_x"),
          list.column("face_y"),
          list.column("face_width"),
          list.column("face_height"),
          list.column("facial_landmarks"),
          list.column("expression")};
}

bool whole_number(std::string_view text, int& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size();
}

// Finds the pictures, and refuses names that lead out of the folder. Resolving each of 400,000 paths would take
// minutes: the (about 1,200) sub-folders are resolved once, and a file only if it is a link.
class Pictures {
 public:
  Pictures(fs::path folder, fs::path list) : folder_(std::move(folder)), list_(std::move(list)) {}

  // Empty when the picture is not there.
  fs::path find(const std::string& name) {
    const auto slash = name.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : name.substr(0, slash);
    const std::string file = name.substr(slash + 1);
    if (file == "..") join_inside(folder_, name, list_);  // throws
    auto known = parents_.find(parent);
    if (known == parents_.end())
      known = parents_.emplace(parent, join_inside(folder_, name, list_).parent_path()).first;
    const fs::path path = known->second / file;
    std::error_code code;
    const auto status = fs::symlink_status(path, code);
    if (fs::is_symlink(status)) {
      join_inside(folder_, name, list_);
      return is_file(path) ? path : fs::path{};
    }
    return fs::is_regular_file(status) ? path : fs::path{};
  }

 private:
  fs::path folder_, list_;
  std::map<std::string, fs::path> parents_;
};

// Returns why the row cannot be used; empty when the sample is complete.
std::string parse_row(const std::vector<std::string>& row, const Columns& columns, Sample& sample) {
  const auto field = [&](int column) -> const std::string& { return row[std::size_t(column)]; };
  if (!whole_number(field(columns.expression), sample.label))
    return fmt::format("its expression '{}' is not a whole number", field(columns.expression));
  if (sample.label < 0 || sample.label >= int(affectnet_classes.size()))
    return fmt::format("its expression {} is none of 0 to {}", sample.label, affectnet_classes.size() - 1);
  int left = 0, top = 0, width = 0, height = 0;
  if (!whole_number(field(columns.left), left) || !whole_number(field(columns.top), top) ||
      !whole_number(field(columns.width), width) || !whole_number(field(columns.height), height))
    return "its face box does not consist of whole numbers";
  std::vector<double> numbers;
  if (parse_numbers(field(columns.landmarks), ';', numbers)) sample.landmarks = points_from(numbers, 68);
  if (width > 0 && height > 0)
    sample.face = Box{double(left), double(top), double(left) + width, double(top) + height};
  else if (sample.landmarks.empty())
    return fmt::format("its face box has the size {} x {}, and it has no landmarks", width, height);
  return {};
}

Dataset read_list(const fs::path& path, const fs::path& images) {
  Csv list = read_csv(path, false);
  if (list.rows.empty()) throw Error(fmt::format("{} is empty", path.string()), "unpack the data set again");
  const Columns columns = take_columns(list);
  Dataset set;
  set.classes.assign(affectnet_classes.begin(), affectnet_classes.end());
  set.samples.reserve(list.rows.size());
  Pictures pictures(images, path);
  Progress progress(fmt::format("reading {}", path.string()), std::int64_t(list.rows.size()));
  for (auto& row : list.rows) {
    progress.advance();
    check_interrupt();
    Sample sample;
    sample.id = row[std::size_t(columns.path)];
    std::string reason = parse_row(row, columns, sample);
    if (reason.empty()) {
      sample.image = pictures.find(sample.id);
      if (sample.image.empty()) reason = "the picture is missing";
    }
    if (reason.empty())
      set.samples.push_back(std::move(sample));
    else
      set.skipped.push_back({sample.id, reason});
    row = {};  // 400,000 rows of 68 landmarks are half a gigabyte of text
  }
  if (set.samples.empty())
    throw Error(fmt::format("{} names no picture that can be used; for instance {}: {}", path.string(),
                            set.skipped.empty() ? "the list" : set.skipped.front().id,
                            set.skipped.empty() ? "it has no rows" : set.skipped.front().reason),
                fmt::format("unpack the pictures into {}", images.string()));
  return set;
}

}  // namespace

ListedSets read_affectnet(const fs::path& folder) {
  const auto lists =
      find_folder(folder, {"Manually_Annotated_file_lists", "Manually_Annotated/Manually_Annotated_file_lists"});
  const auto images =
      find_folder(folder, {"Manually_Annotated_Images/Manually_Annotated_Images",
                           "Manually_Annotated/Manually_Annotated_Images", "Manually_Annotated_Images"});
  ListedSets sets{read_list(lists / "training.csv", images), read_list(lists / "validation.csv", images)};
  sets.training.name = sets.validation.name = fmt::format("affectnet:{}", folder.string());
  sets.training.folder = sets.validation.folder = folder;
  return sets;
}

}  // namespace palimpsest
