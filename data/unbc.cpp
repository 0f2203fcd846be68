// UNBC-McMaster: Images/<subject>/<sequence>/<frame>.png with labels of the same name in Frame_Labels/PSPI (one number,
// often in exponent notation), Frame_Labels/FACS (rows AU, intensity, onset, offset; empty without an AU) and
// AAM_landmarks (66 points). One copy nests every top folder in itself. Frames do not always start at 1; a
// label or a picture may be missing; some landmark files have another number of points; an intensity outside 0 to 5 is
// invalid.
#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "data/readers.h"
#include "data/set_files.h"
#include "data/unread.h"

namespace palimpsest::data {

namespace {

struct Folders {
  fs::path images, pspi, facs, landmarks;  // the last two may be empty
};

Folders find_folders(const fs::path& root) {
  return {find_folder(root, {"Images/Images", "Images"}),
          find_folder(root, {"Frame_Labels/Frame_Labels/PSPI", "Frame_Labels/PSPI"}),
          find_optional_folder(root, {"Frame_Labels/Frame_Labels/FACS", "Frame_Labels/FACS"}),
          find_optional_folder(root, {"AAM_landmarks/AAM_landmarks", "AAM_landmarks"})};
}

// Rows that are not an action unit with an intensity of 0 to 5 are skipped, and the file is noted in `unused`.
std::vector<ActionUnit> read_action_units(const fs::path& path, UnusedFiles& unused) {
  std::vector<ActionUnit> units;
  if (!is_file(path)) return units;
  const std::string text = read_small_text(path);
  bool all = true;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    std::vector<double> numbers;
    const bool parsed = parse_numbers(std::string_view(text).substr(begin, end - begin), ' ', numbers);
    begin = end + 1;
    if (parsed && numbers.empty()) continue;
    const bool good = parsed && numbers.size() >= 2 && numbers[0] >= 1 && numbers[0] < 100 &&
                      numbers[0] == std::floor(numbers[0]) && numbers[1] >= 0 && numbers[1] <= 5;
    if (good) units.push_back({int(numbers[0]), numbers[1]});
    all = all && good;
  }
  if (!all) unused.add(path);
  return units;
}

// Prkachin and Solomon pain intensity, 0 to 16. Throws Error when the file holds anything else.
double read_pspi(const fs::path& path) {
  const auto numbers = read_numbers(path);
  if (numbers.size() != 1)
    throw Error(fmt::format("{} holds {} numbers, not one", path.string(), numbers.size()), "correct it");
  if (numbers[0] < 0 || numbers[0] > 16)
    throw Error(fmt::format("{} holds the PSPI {}, which is not in 0 to 16", path.string(), numbers[0]), "correct it");
  return numbers[0];
}

// The names of the folders in any of these, which may be missing.
std::set<std::string> names_of_folders_in(const std::vector<fs::path>& parents) {
  std::set<std::string> names;
  std::error_code code;
  for (const auto& parent : parents)
    if (fs::is_directory(parent, code))
      for (const auto& folder : folders_in(parent)) names.insert(folder.filename().string());
  return names;
}

struct Reader {
  const Folders& folders;
  double pain_above;
  Dataset& set;
  UnusedFiles facs_unused = {}, landmarks_unused = {};

  void read_frame(const fs::path& picture, const std::string& subject, const std::string& sequence) {
    Sample sample;
    sample.image = picture;
    sample.id = path_below(picture, folders.images);
    sample.subject = subject;
    sample.sequence = sequence;
    const std::string stem = picture.stem().string();
    sample.frame = trailing_number(stem);
    const fs::path below = fs::path(subject) / sequence;
    const fs::path label = folders.pspi / below / (stem + "_facs.txt");
    if (sample.frame < 0) return skip(sample.id, "its name does not end in a frame number");
    if (!is_file(label)) return skip(sample.id, "its PSPI label is missing");
    try {
      sample.label = read_pspi(label) > pain_above ? 1 : 0;
    } catch (const Error& error) {
      return skip(sample.id, error.what());
    }
    if (!folders.facs.empty())
      sample.action_units = read_action_units(folders.facs / below / (stem + "_facs.txt"), facs_unused);
    if (!folders.landmarks.empty())
      sample.landmarks = read_points(folders.landmarks / below / (stem + "_aam.txt"), 66, landmarks_unused);
    set.samples.push_back(std::move(sample));
  }

  // The sequence's frames, the skipped pictures, and the labels without a picture.
  void read_sequence(const std::string& subject, const std::string& sequence) {
    const fs::path images = folders.images / subject / sequence;
    std::set<std::string> seen;  // stems
    std::error_code code;
    if (fs::is_directory(images, code))
      for (const auto& path : files_in(images)) {
        const std::string stem = path.stem().string();
        if (is_picture_name(path)) {
          if (seen.insert(stem).second)
            read_frame(path, subject, sequence);
          else
            skip(path_below(path, folders.images), "another picture of that frame is used");
        } else if (is_unread_picture_name(path)) {
          seen.insert(stem);
          skip(path_below(path, folders.images), why_unread(path));
        }
      }
    list_orphans(subject, sequence, seen);
  }

  void list_orphans(const std::string& subject, const std::string& sequence, const std::set<std::string>& seen) {
    constexpr std::string_view ending = "_facs.txt";
    const fs::path labels = folders.pspi / subject / sequence;
    std::error_code code;
    if (!fs::is_directory(labels, code)) return;
    for (const auto& label : files_in(labels)) {
      const std::string name = label.filename().string();
      if (!name.ends_with(ending)) continue;
      const std::string stem = name.substr(0, name.size() - ending.size());
      if (!seen.contains(stem)) skip(fmt::format("{}/{}/{}.png", subject, sequence, stem), "the picture is missing");
    }
  }

  void skip(const std::string& id, const std::string& reason) { set.skipped.push_back({id, reason}); }
};

}  // namespace

Dataset read_unbc(const fs::path& folder, double pain_above) {
  const Folders folders = find_folders(folder);
  Dataset set;
  set.name = fmt::format("unbc:{}", folder.string());
  set.folder = folder;
  set.classes = {"no pain", "pain"};
  Reader reader{folders, pain_above, set};
  const auto subjects = names_of_folders_in({folders.images, folders.pspi});
  Progress progress(fmt::format("reading {}", set.name), std::int64_t(subjects.size()));
  for (const auto& subject : subjects) {
    for (const auto& sequence : names_of_folders_in({folders.images / subject, folders.pspi / subject})) {
      reader.read_sequence(subject, sequence);
      check_interrupt();
    }
    progress.advance();
  }
  reader.facs_unused.report(set.name,
                            "FACS files have rows that are not an action unit with an intensity of 0 to 5, which "
                            "are not used");
  reader.landmarks_unused.report(set.name, "landmark files do not hold 66 points and are not used");
  if (set.samples.empty())
    throw Error(fmt::format("{} has no frame with a PSPI label{}", folder.string(), for_instance(set)),
                "frames are Images/<subject>/<sequence>/<frame>.png, labels Frame_Labels/PSPI/<subject>/<sequence>/"
                "<frame>_facs.txt");
  std::sort(set.samples.begin(), set.samples.end(), [](const Sample& a, const Sample& b) {
    return std::tie(a.subject, a.sequence, a.frame, a.id) < std::tie(b.subject, b.sequence, b.frame, b.id);
  });
  return set;
}

}  // namespace palimpsest::data
