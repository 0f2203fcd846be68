// CK+: cohn-kanade-images/<subject>/<sequence>/<frame>.png, where the last frame of a sequence is its peak and the only
// one that is coded: FACS/.../<frame>_facs.txt (rows "9.0000000e+00 4.0000000e+00" = AU and intensity, 0 = present but
// not scored) and, for 327 of the 593 sequences, Emotion/.../<frame>_emotion.txt (one number); the other Emotion
// folders exist and are empty. Landmarks/.../<frame>_landmarks.txt has 68 points.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/emotions.h"
#include "data/readers.h"
#include "data/set_files.h"

namespace palimpsest {

namespace {

struct Folders {
  fs::path images, facs, emotion, landmarks;  // the last two may be empty
};

Folders find_folders(const fs::path& root) {
  return {find_folder(root, {"cohn-kanade-images/cohn-kanade-images", "cohn-kanade-images",
                             "extended-cohn-kanade-images/cohn-kanade-images"}),
          find_folder(root, {"FACS/FACS", "FACS", "FACS_labels/FACS"}),
          find_optional_folder(root, {"Emotion/Emotion", "Emotion", "Emotion_labels/Emotion"}),
          find_optional_folder(root, {"Landmarks/Landmarks", "Landmarks"})};
}

std::vector<ActionUnit> read_action_units(const fs::path& path) {
  const auto numbers = read_numbers(path);
  if (numbers.size() % 2 != 0)
    throw Error(fmt::format("{} does not consist of pairs of an action unit and its intensity", path.string()),
                "mend it");
  std::vector<ActionUnit> units;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    if (numbers[i] < 1 || numbers[i] >= 100 || numbers[i + 1] < 0 || numbers[i + 1] > 5)
      throw Error(fmt::format("{} lists action unit {} with intensity {}", path.string(), numbers[i], numbers[i + 1]),
                  "mend it: action units are 1 to 99, intensities 0 to 5");
    units.push_back({int(numbers[i]), numbers[i + 1]});
  }
  return units;
}

int read_emotion(const fs::path& path) {
  const auto numbers = read_numbers(path);
  if (numbers.size() != 1 || numbers[0] < 0 || int(numbers[0]) >= int(ckplus_classes.size()))
    throw Error(fmt::format("{} does not hold one emotion code of 0 to 7", path.string()), "mend it");
  return int(numbers[0]);
}

// The only file in `folder` whose name ends like that; empty when there is none.
fs::path file_ending(const fs::path& folder, std::string_view ending) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) return {};
  for (const auto& path : files_in(folder))
    if (path.filename().string().ends_with(ending)) return path;
  return {};
}

struct Reader {
  const Folders& folders;
  Dataset& set;

  void read_sequence(const std::string& subject, const std::string& sequence) {
    const fs::path below = fs::path(subject) / sequence;
    const std::string id = below.generic_string();
    const fs::path facs = file_ending(folders.facs / below, "_facs.txt");
    if (facs.empty()) return skip(id, "it has no FACS file");
    const std::string name = facs.filename().string();
    const std::string stem = name.substr(0, name.size() - std::string_view("_facs.txt").size());
    Sample sample;
    for (const auto& path : files_in(folders.images / below))
      if (is_picture_name(path) && path.stem() == stem) sample.image = path;
    if (sample.image.empty()) return skip(id + "/" + stem + ".png", "the picture of the peak frame is missing");
    sample.id = path_below(sample.image, folders.images);
    sample.subject = subject;
    sample.sequence = id;
    sample.frame = trailing_number(stem);
    try {
      sample.action_units = read_action_units(facs);
    } catch (const Error& error) {
      return skip(sample.id, error.what());
    }
    sample.label = emotion(below);
    if (!folders.landmarks.empty())
      sample.landmarks = read_points(folders.landmarks / below / (stem + "_landmarks.txt"), 68);
    set.samples.push_back(std::move(sample));
  }

  // A broken emotion file does not take the action units away: the sample stays, without an emotion.
  int emotion(const fs::path& below) {
    if (folders.emotion.empty()) return -1;
    const fs::path file = file_ending(folders.emotion / below, "_emotion.txt");
    if (file.empty()) return -1;
    try {
      return read_emotion(file);
    } catch (const Error& error) {
      skip("Emotion/" + below.generic_string(), std::string(error.what()) + " (kept without an emotion)");
      return -1;
    }
  }

  void skip(const std::string& id, const std::string& reason) { set.skipped.push_back({id, reason}); }
};

}  // namespace

Dataset read_ckplus(const fs::path& folder) {
  const Folders folders = find_folders(folder);
  Dataset set;
  set.name = fmt::format("ckplus:{}", folder.string());
  set.folder = folder;
  set.classes.assign(ckplus_classes.begin(), ckplus_classes.end());
  Reader reader{folders, set};
  for (const auto& subject : folders_in(folders.images))
    for (const auto& sequence : folders_in(subject))
      reader.read_sequence(subject.filename().string(), sequence.filename().string());
  if (set.samples.empty())
    throw Error(fmt::format("{} has no sequence with a picture and a FACS file", folder.string()),
                "pictures are cohn-kanade-images/S005/001/S005_001_00000011.png, codes FACS/S005/001/"
                "S005_001_00000011_facs.txt");
  return set;
}

}  // namespace palimpsest
