// AffectNet-8, the release of 2021: {train_set,val_set}/images/<id>.jpg and annotations/<id>_{exp,val,aro,lnd}.npy. The
// expression is a number or, in the original files, text ('<U1', shape () or (1,)) that spells one. Ids are whole
// numbers and occur in both parts for different faces, so the part belongs to the sample's id. Third-party copies
// hold .png pictures.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/npy.h"
#include "base/progress.h"
#include "data/emotions.h"
#include "data/expression.h"
#include "data/readers.h"
#include "data/set_files.h"
#include "data/unread.h"

namespace palimpsest::data {

namespace {

constexpr int classes = 8;

// Throws Error when the file does not hold one of the 8 codes.
int read_code(const fs::path& path, Expressions& expressions) {
  const NpyArray array = read_npy(path);
  const std::string text = array.is_text() ? array.text() : fmt::format("{}", array.number());
  const auto code = expressions.read(text);
  if (code && *code >= 0 && *code < classes) return *code;
  throw Error(fmt::format("{} holds the expression {}, which is neither 0 to {} nor the name of a class", path.string(),
                          text.substr(0, 60), classes - 1),
              "leave that picture out");
}

// Empty when the file is missing or does not hold 68 points (noted in `unused`): the crop then does not use them.
std::vector<Point> read_landmarks(const fs::path& path, UnusedFiles& unused) {
  if (!is_file(path)) return {};
  std::vector<Point> points;
  try {
    const auto numbers = read_npy(path).floats();
    points = points_from({numbers.begin(), numbers.end()}, 68);
  } catch (const Error&) {
  }
  if (points.empty()) unused.add(path);
  return points;
}

// The ids with an expression file, as numbers where they are numbers.
std::vector<std::string> ids_in(const fs::path& annotations) {
  constexpr std::string_view ending = "_exp.npy";
  std::vector<std::string> ids;
  for (const auto& path : files_in(annotations)) {
    std::string name = path.filename().string();
    if (name.ends_with(ending)) ids.push_back(name.substr(0, name.size() - ending.size()));
  }
  std::sort(ids.begin(), ids.end(),
            [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  return ids;
}

// The files of the images folder by their ids.
using Pictures = std::multimap<std::string, fs::path>;

Pictures pictures_in(const fs::path& images) {
  Pictures pictures;
  for (const auto& path : files_in(images)) pictures.emplace(path.stem().string(), path);
  return pictures;
}

struct PartReader {
  const fs::path &folder, &annotations;
  Pictures pictures;
  Dataset& set;
  Expressions expressions = {};
  UnusedFiles landmarks_unused = {};

  void skip(const fs::path& path, const std::string& reason) {
    set.skipped.push_back({path_below(path, folder), reason});
  }
  void read(const std::string& id, const fs::path& images) {
    const auto [first, end] = pictures.equal_range(id);
    const auto found = std::find_if(first, end, [](const auto& one) { return is_picture_name(one.second); });
    if (found == end) {
      if (first == end)
        skip(images / (id + ".jpg"), "the picture is missing");
      else
        skip(first->second, why_unread(first->second));
      return;
    }
    for (auto other = first; other != end; ++other)
      if (other != found) skip(other->second, fmt::format("{} is used", found->second.filename().string()));
    Sample sample;
    sample.image = found->second;
    sample.id = path_below(sample.image, folder);
    try {
      sample.label = read_code(annotations / (id + "_exp.npy"), expressions);
    } catch (const Error& error) {
      return skip(sample.image, error.what());
    }
    sample.landmarks = read_landmarks(annotations / (id + "_lnd.npy"), landmarks_unused);
    set.samples.push_back(std::move(sample));
  }

  // The files in the images folder that have no annotation.
  void list_others(const std::vector<std::string>& ids) {
    for (const auto& id : ids) pictures.erase(id);
    for (const auto& [id, path] : pictures)
      skip(path, is_picture_name(path) ? fmt::format("it has no annotation file {}_exp.npy", id) : why_unread(path));
  }
};

Dataset read_part(const fs::path& folder, const std::string& part) {
  const auto images = find_folder(folder, {part + "/images"}),
             annotations = find_folder(folder, {part + "/annotations"});
  Dataset set;
  set.name = fmt::format("affectnet8:{}", folder.string());
  set.folder = folder;
  set.classes.assign(affectnet_classes.begin(), affectnet_classes.begin() + classes);
  const auto ids = ids_in(annotations);
  set.samples.reserve(ids.size());
  PartReader reader{folder, annotations, pictures_in(images), set};
  Progress progress(fmt::format("reading {}", annotations.string()), std::int64_t(ids.size()));
  for (const auto& id : ids) {
    reader.read(id, images);
    progress.advance();
    check_interrupt();
  }
  reader.list_others(ids);
  reader.landmarks_unused.report((folder / part).string(), "landmark files do not hold 68 points and are not used");
  if (const auto words = reader.expressions.remark(); !words.empty())
    remark(fmt::format("{}: {}", (folder / part).string(), words));
  if (set.samples.empty())
    throw Error(fmt::format("{} has no picture with an expression{}", (folder / part).string(), for_instance(set)),
                "name its annotations <id>_exp.npy and its pictures <id>.jpg");
  return set;
}

}  // namespace

ListedSets read_affectnet8(const fs::path& folder) {
  return {read_part(folder, "train_set"), read_part(folder, "val_set")};
}

}  // namespace palimpsest::data
