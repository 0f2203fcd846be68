#include <algorithm>

#include "base/error.h"
#include "data/readers.h"
#include "data/set_files.h"

namespace palimpsest {

namespace {

// Links to pictures that are not there are in the list too: when read, they are counted as missing.
std::vector<fs::path> pictures_below(const fs::path& folder) {
  std::vector<fs::path> pictures;
  for (const auto& path : files_in(folder))
    if (is_picture_name(path)) pictures.push_back(path);
  for (const auto& path : dangling_links_in(folder))
    if (is_picture_name(path)) pictures.push_back(path);
  std::sort(pictures.begin(), pictures.end());
  for (const auto& inner : folders_in(folder)) {
    if (fs::is_symlink(inner)) continue;  // might lead back up
    const auto below = pictures_below(inner);
    pictures.insert(pictures.end(), below.begin(), below.end());
  }
  return pictures;
}

}  // namespace

Dataset read_folder(const fs::path& folder) {
  find_folder(folder, {"."});
  Dataset set;
  set.name = fmt::format("folder:{}", folder.string());
  set.folder = folder;
  for (const auto& path : folders_in(folder)) {
    const int label = int(set.classes.size());
    set.classes.push_back(path.filename().string());
    if (set.classes.back().find(',') != std::string::npos)
      throw Error(fmt::format("the class folder {} has a comma in its name", path.string()),
                  "rename it: lists of classes are separated by commas");
    const auto pictures = pictures_below(path);
    if (pictures.empty())
      throw Error(fmt::format("the class folder {} has no picture", path.string()),
                  "put pictures (.jpg .png .bmp .tif) into it, or remove it");
    for (const auto& picture : pictures) {
      Sample sample;
      sample.id = path_below(picture, folder);
      sample.image = picture;
      sample.label = label;
      set.samples.push_back(std::move(sample));
    }
  }
  if (set.classes.empty())
    throw Error(fmt::format("{} has no folder in it", folder.string()), "make one folder of pictures for each class");
  return set;
}

}  // namespace palimpsest
