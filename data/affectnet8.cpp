// AffectNet-8, the release of 2021: {train_set,val_set}/images/<id>.jpg and annotations/<id>_{exp,val,aro,lnd}.npy. The
// expression is a number or, in the original files, text ('<U1', shape () or (1,)). Ids are whole numbers and occur in
// both parts for different faces, so the part belongs to the sample's id. Copies made by others hold .png pictures.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/npy.h"
#include "base/progress.h"
#include "data/emotions.h"
#include "data/readers.h"
#include "data/set_files.h"

namespace palimpsest {

namespace {

constexpr int classes = 8;

fs::path find_picture(const fs::path& images, const std::string& id) {
  for (const char* const extension : {".jpg", ".png", ".jpeg", ".JPG"}) {
    auto path = images / (id + extension);
    if (is_file(path)) return path;
  }
  return {};
}

// Throws Error when the file does not hold one of the 8 codes.
int read_expression(const fs::path& path) {
  const double value = read_npy(path).number();
  if (value != std::floor(value) || value < 0 || value >= classes)
    throw Error(fmt::format("{} holds the expression {}, which is none of 0 to {}", path.string(), value, classes - 1),
                "leave that picture out");
  return int(value);
}

std::vector<Point> read_landmarks(const fs::path& path) {
  if (!is_file(path)) return {};
  try {
    const auto numbers = read_npy(path).floats();
    return points_from({numbers.begin(), numbers.end()}, 68);
  } catch (const Error&) {
    return {};  // the crop then does without
  }
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

Dataset read_part(const fs::path& folder, const std::string& part) {
  const auto images = find_folder(folder, {part + "/images"}),
             annotations = find_folder(folder, {part + "/annotations"});
  Dataset set;
  set.name = fmt::format("affectnet8:{}", folder.string());
  set.folder = folder;
  set.classes.assign(affectnet_classes.begin(), affectnet_classes.begin() + classes);
  const auto ids = ids_in(annotations);
  set.samples.reserve(ids.size());
  Progress progress(fmt::format("reading {}", annotations.string()), std::int64_t(ids.size()));
  for (const auto& id : ids) {
    Sample sample;
    sample.image = find_picture(images, id);
    sample.id = sample.image.empty() ? fmt::format("{}/images/{}.jpg", part, id) : path_below(sample.image, folder);
    std::string reason = sample.image.empty() ? "the picture is missing" : "";
    if (reason.empty()) {
      try {
        sample.label = read_expression(annotations / (id + "_exp.npy"));
      } catch (const Error& error) {
        reason = error.what();
      }
    }
    if (reason.empty()) {
      sample.landmarks = read_landmarks(annotations / (id + "_lnd.npy"));
      set.samples.push_back(std::move(sample));
    } else {
      set.skipped.push_back({sample.id, reason});
    }
    progress.advance();
    check_interrupt();
  }
  if (set.samples.empty())
    throw Error(fmt::format("{} has no picture with an expression", (folder / part).string()),
                "its annotations are called <id>_exp.npy and its pictures <id>.jpg");
  return set;
}

}  // namespace

ListedSets read_affectnet8(const fs::path& folder) {
  return {read_part(folder, "train_set"), read_part(folder, "val_set")};
}

}  // namespace palimpsest
