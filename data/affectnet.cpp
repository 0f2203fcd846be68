// AffectNet's first release. Known quirks: the header begins with '#' in one release and is missing from
// validation.csv in another; one archive nests Manually_Annotated/Manually_Annotated_Images; rows whose numbers do not
// parse; boxes of negative width; .tif, .bmp and upper-case names among the pictures; empty landmarks. Lists saved by
// pandas or a spreadsheet have other columns, separators and number formats (base/table.h), or expressions as words.
#include <unordered_map>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/table.h"
#include "data/emotions.h"
#include "data/expression.h"
#include "data/listed_pictures.h"
#include "data/readers.h"
#include "data/set_files.h"

namespace palimpsest::data {

namespace {

const TableColumns list_columns{{"subDirectory_filePath", "face_x", "face_y", "face_width", "face_height",
                                 "facial_landmarks", "expression", "valence", "arousal"},
                                {"facial_landmarks", "valence", "arousal"}};
enum Column : std::uint8_t { path_column, left, top, width, height, landmarks, expression };

// One list: its rows become samples or are skipped, with a summary at the end.
class ListReader {
 public:
  ListReader(const fs::path& path, const fs::path& images)
      : path_(path), images_(images), table_(read_table(path, list_columns)), pictures_(images, path) {}

  Dataset read() {
    auto& rows = table_.csv.rows;
    require_likely_rows();
    set_.classes.assign(affectnet_classes.begin(), affectnet_classes.end());
    set_.samples.reserve(rows.size());
    Progress progress(fmt::format("reading {}", path_.string()), std::int64_t(rows.size()));
    for (auto& row : rows) {
      progress.advance();
      check_interrupt();
      read_row(row);
      row = {};  // 400,000 rows of 68 landmarks are half a gigabyte of text
    }
    if (set_.samples.empty()) refuse();
    remarks();
    return std::move(set_);
  }

 private:
  std::string_view field(const std::vector<std::string>& row, Column column) const {
    const int at = table_.at[column];
    return at < 0 ? std::string_view{} : without_blanks(row[std::size_t(at)]);
  }

  // Without a header the first line could be an unknown header, with the columns in another order.
  void require_likely_rows() {
    const auto& csv = table_.csv;
    if (!csv.header.empty() || csv.rows.empty()) return;
    Sample sample;
    const std::string reason = parse_row(csv.rows.front(), sample);
    expressions_ = {};
    wrong_landmarks_ = 0;  // it is read again with the others
    if (!reason.empty())
      throw Error(fmt::format("the first line of {} is neither a header with AffectNet's names nor a usable row: {}",
                              path_.string(), reason),
                  fmt::format("its first line should be: {}", fmt::join(list_columns.names, ",")));
  }

  void read_row(const std::vector<std::string>& row) {
    Sample sample;
    sample.id = field(row, path_column);
    std::string reason = parse_row(row, sample);
    if (!reason.empty()) {
      if (wrong_rows_++ == 0) wrong_row_ = fmt::format("{}: {}", sample.id, reason);
    } else if (sample.image = pictures_.find(sample.id); sample.image.empty()) {
      const std::string similar = pictures_.similar(sample.id);
      reason = "the picture is missing" + (similar.empty() ? "" : "; similar: " + similar);
      similar_ += similar.empty() ? 0 : 1;
      if (missing_++ == 0) missing_picture_ = fmt::format("{}: {}", sample.id, reason);
    }
    if (reason.empty()) reason = why_again(sample);
    if (reason.empty())
      set_.samples.push_back(std::move(sample));
    else
      set_.skipped.push_back({sample.id, reason});
  }

  // A picture counts once, with its first row, regardless of the spelling of its path. Empty when it is new.
  std::string why_again(Sample& sample) {
    if (sample.id.find("./") != std::string::npos || sample.id.find("//") != std::string::npos)
      sample.id = fs::path(sample.id).lexically_normal().generic_string();
    const auto [first, is_new] = labels_.emplace(sample.id, sample.label);
    if (is_new) return {};
    return first->second == sample.label ? "listed again" : "listed again, with another expression";
  }

  // Returns why the row cannot be used; empty when the sample is complete.
  std::string parse_row(const std::vector<std::string>& row, Sample& sample) {
    const auto code = expressions_.read(field(row, expression));
    if (!code)
      return fmt::format("its expression '{}' is neither a whole number nor the name of a class",
                         field(row, expression).substr(0, 60));
    sample.label = *code;
    if (sample.label < 0 || sample.label >= int(affectnet_classes.size()))
      return fmt::format("its expression {} is none of 0 to {}", sample.label, affectnet_classes.size() - 1);
    int x = 0, y = 0, w = 0, h = 0;
    if (!whole_number(field(row, left), x) || !whole_number(field(row, top), y) ||
        !whole_number(field(row, width), w) || !whole_number(field(row, height), h))
      return fmt::format("its face box ({} | {} | {} | {}) does not consist of whole numbers, with decimal points",
                         field(row, left), field(row, top), field(row, width), field(row, height));
    take_landmarks(field(row, landmarks), sample);
    if (w > 0 && h > 0)
      sample.face = Box{double(x), double(y), double(x) + w, double(y) + h};
    else if (sample.landmarks.empty())
      return fmt::format("its face box has the size {} x {}, and it has no landmarks", w, h);
    return {};
  }

  void take_landmarks(std::string_view text, Sample& sample) {
    std::vector<double> numbers;
    if (parse_numbers(text, ';', numbers)) sample.landmarks = points_from(numbers, 68);
    if (sample.landmarks.empty() && !text.empty() && wrong_landmarks_++ == 0) landmarks_text_ = text.substr(0, 40);
  }

  [[noreturn]] void refuse() const {
    const std::string problem = fmt::format("{} names no usable picture", path_.string());
    if (set_.skipped.empty()) throw Error(problem + ": it has no rows", "unpack the data set again");
    if (wrong_rows_ >= missing_)
      throw Error(fmt::format("{}; for instance {}", problem, wrong_row_),
                  fmt::format("correct the list: an expression is 0 to {} or one of {}, a face box is whole numbers",
                              affectnet_classes.size() - 1, fmt::join(affectnet_classes, ", ")));
    throw Error(fmt::format("{}; for instance {} (looked for below {})", problem, missing_picture_, images_.string()),
                similar_ > 0 ? "change the names in the list to match the pictures"
                             : fmt::format("unpack the pictures into {}", images_.string()));
  }

  void remarks() const {
    const auto say = [&](std::int64_t count, const std::string& what) {
      if (count > 0) remark(fmt::format("{}: {}", path_.string(), what));
    };
    const std::string words = expressions_.remark();
    say(words.empty() ? 0 : 1, words);
    say(pictures_.with_backslashes(),
        fmt::format("{} paths are written with backslashes, which are read as /", pictures_.with_backslashes()));
    say(wrong_landmarks_, fmt::format("the landmarks of {} rows are not 68 points and are not used; the first begin "
                                      "with {}",
                                      wrong_landmarks_, landmarks_text_));
    say(table_.at[landmarks] < 0 ? 1 : 0, "it has no column facial_landmarks, so its pictures have no landmarks");
  }

  const fs::path &path_, &images_;
  Table table_;
  ListedPictures pictures_;
  Expressions expressions_;
  Dataset set_;
  std::unordered_map<std::string, int> labels_;  // of the samples, by their ids
  std::int64_t wrong_rows_ = 0, missing_ = 0, similar_ = 0, wrong_landmarks_ = 0;
  std::string wrong_row_, missing_picture_, landmarks_text_;
};

Dataset read_list(const fs::path& path, const fs::path& images) {
  return ListReader(path, images).read();
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

}  // namespace palimpsest::data
