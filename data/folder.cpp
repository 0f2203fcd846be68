// A folder of pictures: one sub-folder per class, or pictures without labels directly in it. Everything below it that
// is not read is listed with a reason. Hidden files and folders (.DS_Store, ._x.jpg, .ipynb_checkpoints, __MACOSX) are
// not data: they are listed only if they have the names of pictures.
#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "data/readers.h"
#include "data/set_files.h"
#include "data/unread.h"

namespace palimpsest::data {

namespace {

class FolderReader {
 public:
  explicit FolderReader(const fs::path& folder) : folder_(folder) {
    set_.name = fmt::format("folder:{}", folder.string());
    set_.folder = folder;
  }

  Dataset read() {
    std::vector<fs::path> loose;
    std::vector<Found> classes;
    for (const auto& entry : entries_in(folder_)) {
      const bool is_folder = entry.kind == EntryKind::folder || entry.kind == EntryKind::linked_folder;
      if (is_folder && !entry.hidden)
        classes.push_back(pictures_of_class(entry.path));
      else if (is_picture(entry))
        loose.push_back(entry.path);
    }
    const bool labelled =
        std::any_of(classes.begin(), classes.end(), [](const Found& one) { return !one.pictures.empty(); });
    if (!labelled && loose.empty()) refuse(classes);
    for (const auto& path : loose) {
      if (labelled)
        skip(path, "it is beside the class folders, in none of them");
      else
        add(path, -1);
    }
    if (labelled) add_classes(classes);
    std::stable_partition(set_.skipped.begin(), set_.skipped.end(), [](const Skipped& one) {
      return is_picture_name(one.id) || is_unread_picture_name(one.id);  // the most important first
    });
    return std::move(set_);
  }

 private:
  struct Found {
    fs::path folder;
    std::vector<fs::path> pictures;
    std::vector<std::string> inner;  // names of folders in it
    std::string others;              // "3 .webp files", for a message
  };

  void skip(const fs::path& path, const std::string& reason) {
    set_.skipped.push_back({path_below(path, folder_), reason});
  }

  void add(const fs::path& picture, int label) {
    Sample sample;
    sample.id = path_below(picture, folder_);
    sample.image = picture;
    sample.label = label;
    set_.samples.push_back(std::move(sample));
  }

  // Whether it is read. Otherwise lists it, unless it is a folder to be searched.
  bool is_picture(const Entry& entry) {
    const bool named = is_picture_name(entry.path);
    const std::string name = entry.path.filename().string();
    if (entry.hidden) {
      if (named && !name.starts_with("._")) skip(entry.path, "a hidden file");
      return false;
    }
    switch (entry.kind) {
      case EntryKind::file:
        if (named) return true;
        skip(entry.path, why_unread(entry.path));
        return false;
      case EntryKind::dangling_link:
        skip(entry.path, "a dangling symbolic link");
        return false;
      case EntryKind::other:
        skip(entry.path, "neither a file nor a folder");
        return false;
      case EntryKind::linked_folder:  // might lead back up
        skip(entry.path, "a symbolic link to a folder within a class, which is not followed");
        return false;
      case EntryKind::folder:
        return false;
    }
    return false;
  }

  Found pictures_of_class(const fs::path& path) {
    Found found{path, {}, {}, {}};
    const std::size_t before = set_.skipped.size();
    for (const auto& inner : folders_in(path)) found.inner.push_back(inner.filename().string());
    add_pictures_below(path, found.pictures);
    if (found.pictures.empty()) found.others = what_is_there(before);
    return found;
  }

  void add_pictures_below(const fs::path& path, std::vector<fs::path>& pictures) {
    std::vector<fs::path> inner;
    for (const auto& entry : entries_in(path)) {
      if (is_picture(entry)) pictures.push_back(entry.path);
      if (entry.kind == EntryKind::folder && !entry.hidden) inner.push_back(entry.path);
    }
    for (const auto& one : inner) add_pictures_below(one, pictures);
  }

  // Of the files skipped since `before`: how many have the most frequent extension, and the first of these.
  std::string what_is_there(std::size_t before) const {
    std::map<std::string, std::vector<const Skipped*>> kinds;
    for (std::size_t i = before; i < set_.skipped.size(); ++i)
      kinds[lower_case_extension(set_.skipped[i].id)].push_back(&set_.skipped[i]);
    if (kinds.empty()) return "it is empty";
    const auto& [extension, files] = *std::max_element(
        kinds.begin(), kinds.end(), [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    return fmt::format("it holds {} {} file{}, for instance {} ({})", files.size(),
                       extension.empty() ? "other" : extension, files.size() == 1 ? "" : "s", files.front()->id,
                       files.front()->reason);
  }

  [[noreturn]] void refuse(const std::vector<Found>& classes) const {
    if (!classes.empty()) refuse_class(classes.front());
    if (set_.skipped.empty())
      throw Error(fmt::format("{} contains neither folders nor pictures", folder_.string()),
                  "create one folder of pictures per class");
    throw Error(fmt::format("{} has no picture: {}", folder_.string(), what_is_there(0)),
                fmt::format("put pictures ({}) into it; for training use one folder per class",
                            fmt::join(picture_extensions, " ")));
  }

  [[noreturn]] static void refuse_class(const Found& one) {
    throw Error(fmt::format("the class folder {} has no picture: {}", one.folder.string(), one.others),
                fmt::format("put pictures ({}) into it, or remove it", fmt::join(picture_extensions, " ")));
  }

  // The parts of a set, each with folders of the same names: the parts' names would become the classes.
  static bool are_parts(const std::vector<Found>& classes) {
    static constexpr std::array<std::string_view, 7> parts{"train",      "training", "val",    "valid",
                                                           "validation", "test",     "testing"};
    return classes.size() > 1 && std::all_of(classes.begin(), classes.end(), [&](const Found& one) {
             const std::string name = lower_case(one.folder.filename().string());
             return std::find(parts.begin(), parts.end(), name) != parts.end() && !one.inner.empty();
           });
  }

  void add_classes(const std::vector<Found>& classes) {
    if (are_parts(classes))
      throw Error(
          fmt::format("the folders in {} are parts of a set, not classes: {} holds the folders {}", folder_.string(),
                      classes.front().folder.filename().string(), fmt::join(classes.front().inner, ", ")),
          fmt::format("name one of them, for instance folder:{}", classes.front().folder.string()));
    for (const Found& one : classes) {
      if (one.pictures.empty()) skip(one.folder, "the class folder has no picture: " + one.others);
      const std::string name = one.folder.filename().string();
      if (name.find(',') != std::string::npos)
        throw Error(fmt::format("the class folder {} has a comma in its name", one.folder.string()),
                    "rename it: lists of classes are separated by commas");
      for (const auto& picture : one.pictures) add(picture, int(set_.classes.size()));
      set_.classes.push_back(name);
    }
  }

  const fs::path& folder_;
  Dataset set_;
};

}  // namespace

Dataset read_folder(const fs::path& folder) {
  find_folder(folder, {"."});
  return FolderReader(folder).read();
}

}  // namespace palimpsest::data
