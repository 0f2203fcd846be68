#include "data/drawn/draw_sets.h"

#include <algorithm>
#include <map>
#include <set>

#include "data/drawn/masks.h"
#include "data/drawn/truth.h"
#include "data/readers.h"
#include "tests/data/scratch.h"

namespace palimpsest::data::drawn {
namespace {

DrawSetsOptions small(const fs::path& folder) {
  DrawSetsOptions options;
  options.folder = folder;
  options.seed = 3;
  options.image_size = 40;
  options.train_faces = 24;
  options.test_faces_per_emotion = 1;
  options.participants = 5;
  options.sequences_per_participant = 2;
  options.frames_per_sequence = 8;
  options.ckplus_sequences = 8;
  options.ckplus_subjects = 4;
  options.ckplus_frames = 2;
  return options;
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[entry.path().lexically_relative(folder).string()] = read_file(entry.path());
  return files;
}

// Drawn once for all tests of this file that only read.
class DrawnSets : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new Scratch;
    draw_sets(small(folder_->path()));
  }
  static void TearDownTestSuite() { delete folder_; }
  static fs::path set(const char* name) { return folder_->path() / name; }

  static Scratch* folder_;
};
Scratch* DrawnSets::folder_ = nullptr;

TEST_F(DrawnSets, AreTheSameForAnyNumberOfThreads) {
  for (int threads : {1, 2}) {
    const Scratch other;
    DrawSetsOptions options = small(other.path());
    options.threads = threads;
    draw_sets(options);
    EXPECT_TRUE(contents(other.path()) == contents(folder_->path())) << threads << " threads";
  }
}

TEST_F(DrawnSets, OtherSeedsGiveOtherPictures) {
  const Scratch other;
  DrawSetsOptions options = small(other.path());
  options.seed = 4;
  options.participants = options.ckplus_sequences = 0;
  draw_sets(options);
  EXPECT_FALSE(fs::exists(other.path() / "unbc"));
  std::set<std::string> pictures;
  for (const auto& [name, bytes] : contents(set("affectnet")))
    if (name.ends_with(".jpg")) pictures.insert(bytes);
  EXPECT_GE(pictures.size(), 24U);
  for (const auto& [name, bytes] : contents(other.path() / "affectnet")) EXPECT_FALSE(pictures.contains(bytes));
}

TEST_F(DrawnSets, AffectNetIsReadAsTheRealOne) {
  const ListedSets sets = read_affectnet(set("affectnet"));
  EXPECT_TRUE(sets.training.skipped.empty());
  EXPECT_TRUE(sets.validation.skipped.empty());
  EXPECT_EQ(std::count_if(sets.training.samples.begin(), sets.training.samples.end(),
                          [](const Sample& s) { return s.label < 8; }),
            24);
  std::map<int, int> test;
  const auto truth = load_truth(set("affectnet"));
  ASSERT_TRUE(truth);
  for (const Sample& sample : sets.validation.samples) {
    ++test[sample.label];
    EXPECT_EQ(sample.landmarks.size(), 68U);
    ASSERT_TRUE(sample.face);
    const TruthEntry* entry = truth->find(sample.id);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->part, "test");
    if (sample.label < 8) {
      EXPECT_EQ(entry->emotion, sets.validation.classes[std::size_t(sample.label)]);
    }
    const Image picture = read_image(sample.image);
    EXPECT_EQ(picture.width, entry->width);
  }
  for (int label = 0; label < 8; ++label) EXPECT_EQ(test[label], 1) << label;
}

TEST_F(DrawnSets, UnbcLabelsFollowFromTheActionUnits) {
  const Dataset frames = read_unbc(set("unbc"));
  const auto truth = load_truth(set("unbc"));
  ASSERT_TRUE(truth);
  EXPECT_TRUE(frames.skipped.empty());
  ASSERT_EQ(frames.samples.size(), 5U * 2 * 8);
  std::map<std::string, int> pain;
  for (const Sample& sample : frames.samples) {
    pain[sample.subject] += sample.label;
    EXPECT_EQ(sample.landmarks.size(), 66U);
    std::map<int, int> code;
    for (const ActionUnit& unit : sample.action_units) code[unit.number] = int(unit.intensity);
    const int expected = code[4] + std::max(code[6], code[7]) + std::max(code[9], code[10]) + (code[43] > 0 ? 1 : 0);
    EXPECT_EQ(sample.label, expected > 0 ? 1 : 0);
    const std::string stem = sample.id.substr(0, sample.id.size() - 4);
    EXPECT_EQ(std::stod(read_file(set("unbc") / "Frame_Labels/PSPI" / (stem + "_facs.txt"))), expected);
    const TruthEntry* entry = truth->find(sample.id);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(pspi(entry->expression), expected);
    for (const auto& unit : action_unit_table())
      EXPECT_EQ(coded_intensity(entry->expression.intensity(unit.number)), code[unit.number]);
  }
  EXPECT_EQ(pain.size(), 5U);
  for (const auto& [subject, count] : pain) EXPECT_GT(count, 0) << subject;
}

TEST_F(DrawnSets, CkPlusPeaksAreCoded) {
  const Dataset peaks = read_ckplus(set("ckplus"));
  const auto truth = load_truth(set("ckplus"));
  ASSERT_TRUE(truth);
  ASSERT_EQ(peaks.samples.size(), 8U);
  std::set<std::string> subjects;
  for (const Sample& sample : peaks.samples) {
    subjects.insert(sample.subject);
    EXPECT_EQ(sample.landmarks.size(), 68U);
    const TruthEntry* entry = truth->find(sample.id);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->part, "peak");
    std::set<int> coded, drawn;
    for (const ActionUnit& unit : sample.action_units) coded.insert(unit.number);
    for (const auto& unit : action_unit_table())
      if (entry->expression.has(unit.number)) drawn.insert(unit.number);
    EXPECT_EQ(coded, drawn) << sample.id;
  }
  EXPECT_EQ(subjects.size(), 4U);
}

TEST_F(DrawnSets, NobodyIsInTwoPartsOrSets) {
  std::map<std::string, std::set<std::string>> where;
  for (const char* name : {"affectnet", "unbc", "ckplus"}) {
    const auto truth = load_truth(set(name));
    ASSERT_TRUE(truth);
    for (const TruthEntry& entry : truth->entries())
      where[entry.person].insert(std::string(name) + (name == std::string("ckplus") ? "" : entry.part));
  }
  for (const auto& [person, parts] : where) EXPECT_EQ(parts.size(), 1U) << person;
}

TEST_F(DrawnSets, MasksFollowTheCrop) {
  const auto truth = load_truth(set("affectnet"));
  ASSERT_TRUE(truth);
  int masked = 0;
  for (const TruthEntry& entry : truth->entries()) {
    if (entry.mask_row < 0) {
      EXPECT_TRUE(truth->mask(entry.id, 12, 32).empty());
      continue;
    }
    ++masked;
    const auto sum = [](const std::vector<float>& mask) {
      double total = 0;
      for (float value : mask) total += value;
      return total;
    };
    const auto whole = truth->mask(entry.id, 12, 60);
    ASSERT_EQ(whole.size(), 3600U);
    EXPECT_GT(sum(whole), 5);
    // The four quarters, each at half the size, are the whole.
    const double half = entry.width / 2.0;
    double quarters = 0;
    for (double x : {0.0, half})
      for (double y : {0.0, half}) quarters += sum(truth->mask(entry.id, 12, {x, y, x + half, y + half}, 30, 30));
    EXPECT_NEAR(quarters, sum(whole), 1e-3);
    EXPECT_EQ(sum(truth->mask(entry.id, 12, {-80, -80, -1, -1}, 8, 8)), 0);
  }
  EXPECT_EQ(masked, 8 + 2);  // also "none" and "uncertain", but not non-faces
  expect_error_with({"AU3"}, [&] { truth->mask(truth->entries()[0].id, 3, 32); });
  EXPECT_FALSE(load_truth(set("affectnet") / "nothing"));
}

DrawSetsOptions tiny(const fs::path& folder) {
  DrawSetsOptions options = small(folder);
  options.participants = options.ckplus_sequences = 0;
  options.train_faces = 8;
  options.test_faces_per_emotion = 1;
  return options;
}

TEST(DrawSets, AFinishedSetIsLeftAlone) {
  const Scratch folder;
  draw_sets(tiny(folder.path()));
  const auto list = folder / "affectnet/Manually_Annotated_file_lists/training.csv";
  fs::last_write_time(list, fs::file_time_type{});
  draw_sets(tiny(folder.path()));
  EXPECT_EQ(fs::last_write_time(list), fs::file_time_type{});
  DrawSetsOptions other = tiny(folder.path());
  other.seed = 99;
  expect_error_with({"affectnet", "other options", "--out"}, [&] { draw_sets(other); });
}

TEST(DrawSets, ACutShortDrawingIsDrawnAgain) {
  const Scratch folder;
  draw_sets(tiny(folder.path()));
  const auto whole = contents(folder.path());
  fs::rename(folder / "affectnet/drawn.json", folder / "affectnet/drawing-unfinished.json");
  folder.file("affectnet/Manually_Annotated_Images/1/half", "half a picture");
  draw_sets(tiny(folder.path()));
  EXPECT_TRUE(contents(folder.path()) == whole);
}

TEST(DrawSets, RefusesWhatItDidNotDraw) {
  const Scratch folder;
  folder.file("affectnet/mine.txt", "keep me");
  expect_error_with({"not drawn by palimpsest", "--out"}, [&] { draw_sets(tiny(folder.path())); });
  EXPECT_EQ(read_file(folder / "affectnet/mine.txt"), "keep me");
  DrawSetsOptions options = tiny(folder / "new");
  options.image_size = 7;
  expect_error_with({"picture size"}, [&] { draw_sets(options); });
  EXPECT_FALSE(fs::exists(folder / "new"));
}

}  // namespace
}  // namespace palimpsest::data::drawn
