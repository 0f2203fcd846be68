// CK+: cohn-kanade-images/<subject>/<sequence>/<frame>.png, where the last frame of a sequence is its peak and the only
// one that is coded: FACS/.../<frame>_facs.txt (rows "9.0000000e+00 4.0000000e+00" = AU and intensity, 0 = present but
// not scored) and, for 327 of the 593 sequences, Emotion/.../<frame>_emotion.txt (one number); the other Emotion
// folders exist and are empty. Landmarks/.../<frame>_landmarks.txt has 68 points.
#include <cmath>
#include <set>

#include "base/error.h"
#include "data/emotions.h"
#include "data/readers.h"
#include "data/set_files.h"
#include "data/unread.h"

namespace palimpsest::data {

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
                "correct it");
  std::vector<ActionUnit> units;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    if (numbers[i] < 1 || numbers[i] >= 100 || numbers[i] != std::floor(numbers[i]) || numbers[i + 1] < 0 ||
        numbers[i + 1] > 5)
      throw Error(fmt::format("{} lists action unit {} with intensity {}", path.string(), numbers[i], numbers[i + 1]),
                  "correct it: action units are 1 to 99, intensities 0 to 5");
    units.push_back({int(numbers[i]), numbers[i + 1]});
  }
  return units;
}

int read_emotion(const fs::path& path) {
  const auto numbers = read_numbers(path);
  if (numbers.size() != 1 || numbers[0] < 0 || numbers[0] >= double(ckplus_classes.size()) ||
      numbers[0] != std::floor(numbers[0]))
    throw Error(fmt::format("{} does not hold one emotion code of 0 to 7", path.string()), "correct it");
  return int(numbers[0]);
}

// The file in `folder` whose name ends with `ending`; empty if missing. Throws Error when there are several.
fs::path file_ending(const fs::path& folder, std::string_view ending) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) return {};
  fs::path found;
  for (const auto& path : files_in(folder)) {
    if (!path.filename().string().ends_with(ending)) continue;
    if (!found.empty())
      throw Error(fmt::format("{} holds {} and {}, but a sequence has only one", folder.string(),
                              found.filename().string(), path.filename().string()),
                  "keep only the one of the peak frame");
    found = path;
  }
  return found;
}

// The sequences of a folder as <subject>/<sequence>.
std::set<std::string> sequences_in(const fs::path& folder) {
  std::set<std::string> sequences;
  for (const auto& subject : folders_in(folder))
    for (const auto& sequence : folders_in(subject)) sequences.insert(path_below(sequence, folder));
  return sequences;
}

struct Reader {
  const Folders& folders;
  Dataset& set;
  UnusedFiles landmarks_unused = {};

  void read_sequence(const std::string& id) {
    const fs::path below = id;
    Sample sample;
    std::string stem;
    try {
      const fs::path facs = file_ending(folders.facs / below, "_facs.txt");
      if (facs.empty()) return skip(id, "it has no FACS file");
      const std::string name = facs.filename().string();
      stem = name.substr(0, name.size() - std::string_view("_facs.txt").size());
      if (!find_peak(below, stem, sample)) return;
      sample.action_units = read_action_units(facs);
    } catch (const Error& error) {
      return skip(sample.id.empty() ? id : sample.id, error.what());
    }
    sample.subject = below.parent_path().string();
    sample.sequence = id;
    sample.frame = trailing_number(stem);
    sample.label = emotion(below);
    if (!folders.landmarks.empty())
      sample.landmarks = read_points(folders.landmarks / below / (stem + "_landmarks.txt"), 68, landmarks_unused);
    set.samples.push_back(std::move(sample));
  }

  // The picture of the peak frame; lists the reason if it is missing.
  bool find_peak(const fs::path& below, const std::string& stem, Sample& sample) {
    std::error_code code;
    fs::path unread;
    if (fs::is_directory(folders.images / below, code))
      for (const auto& path : files_in(folders.images / below))
        if (path.stem() == stem) (is_picture_name(path) ? sample.image : unread) = path;
    if (!sample.image.empty())
      sample.id = path_below(sample.image, folders.images);
    else if (!unread.empty())
      skip(path_below(unread, folders.images), why_unread(unread));
    else
      skip((below / (stem + ".png")).generic_string(), "the picture of the peak frame is missing");
    return !sample.image.empty();
  }

  // A broken emotion file does not affect the action units: the sample is kept, without an emotion.
  int emotion(const fs::path& below) {
    if (folders.emotion.empty()) return -1;
    try {
      const fs::path file = file_ending(folders.emotion / below, "_emotion.txt");
      return file.empty() ? -1 : read_emotion(file);
    } catch (const Error& error) {
      skip("Emotion/" + below.generic_string(),
           std::string(error.what()) + " (its pictures are kept, without an emotion)");
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
  auto sequences = sequences_in(folders.images);
  sequences.merge(sequences_in(folders.facs));  // codes whose pictures are missing are listed
  for (const auto& sequence : sequences) reader.read_sequence(sequence);
  reader.landmarks_unused.report(set.name, "landmark files do not hold 68 points and are not used");
  if (set.samples.empty())
    throw Error(fmt::format("{} has no sequence with a picture and a FACS file{}", folder.string(), for_instance(set)),
                "pictures are cohn-kanade-images/S005/001/S005_001_00000011.png, codes FACS/S005/001/"
                "S005_001_00000011_facs.txt");
  return set;
}

}  // namespace palimpsest::data
