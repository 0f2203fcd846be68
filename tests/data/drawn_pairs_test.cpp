#include <algorithm>
#include <map>
#include <set>

#include "base/csv.h"
#include "data/drawn/action_units.h"
#include "data/drawn/draw_pairs.h"
#include "data/pairs.h"
#include "data/pictures.h"
#include "tests/data/scratch.h"

namespace palimpsest::data::drawn {
namespace {

DrawSetsOptions common() {
  DrawSetsOptions options;
  options.seed = 3;
  options.image_size = 64;
  return options;
}

DrawPairsOptions few(const fs::path& folder) {
  return {.folder = folder, .units = {5, 25, 26}, .pairs_per_unit = 6};
}

struct Expressions {
  int unit;
  Expression with, without;
};
std::vector<Expressions> expressions(const fs::path& folder) {
  const Csv csv = read_csv(folder / "pairs.csv");
  std::vector<Expressions> all;
  for (const auto& row : csv.rows) {
    const auto field = [&](const char* name) { return row[std::size_t(csv.column(name))]; };
    all.push_back({int(parse_integer(field("action_unit"), "")), parse_expression(field("action_units_with"), ""),
                   parse_expression(field("action_units_without"), "")});
  }
  return all;
}

// AU25 is scored wherever the lips part, so it may go with AU26.
TEST(DrawnPairs, DifferInOneUnitAndWhatFollowsFromIt) {
  const Scratch folder;
  draw_pairs(few(folder / "p"), common());
  int parted_by_the_jaw = 0;
  for (const auto& [unit, with, without] : expressions(folder / "p")) {
    EXPECT_TRUE(with.has(unit));
    EXPECT_FALSE(without.has(unit));
    for (const auto& other : action_unit_table()) {
      if (other.number == unit || (unit == 26 && other.number == 25)) continue;
      EXPECT_EQ(with.intensity(other.number), without.intensity(other.number)) << unit << " " << other.number;
    }
    if (unit != 26) continue;
    EXPECT_TRUE(with.has(25));
    parted_by_the_jaw += !without.has(25);
  }
  EXPECT_GE(parted_by_the_jaw, 3) << "of 6, unless AU10 or AU16 part the lips too";
}

TEST(DrawnPairs, ChangeThePictureNearTheUnitOnly) {
  const Scratch folder;
  draw_pairs(few(folder / "p"), common());
  const Pairs pairs = read_pairs(folder / "p");
  ASSERT_EQ(pairs.pairs.size(), 18U);
  EXPECT_EQ(pairs.action_units(), (std::vector<int>{5, 25, 26}));
  std::set<std::string> people, contexts;
  for (std::size_t i = 0; i < pairs.pairs.size(); ++i) {
    const auto& pair = pairs.pairs[i];
    people.insert(pair.subject);
    contexts.insert(pair.context);
    const Sample& sample = pairs.pictures.samples[2 * i];
    const Image with = read_image(sample.image), without = read_image(pairs.pictures.samples[2 * i + 1].image);
    EXPECT_NE(with.pixels, without.pixels) << pair.id;
    ASSERT_TRUE(pair.outside) << pair.id;
    EXPECT_LT(*pair.outside, .7) << pair.id;
    if (pair.action_unit != 5) continue;
    for (int y = int(sample.landmarks[33].y); y < with.height; ++y)
      EXPECT_TRUE(std::equal(with.at(0, y), with.at(0, y) + 3 * std::ptrdiff_t(with.width), without.at(0, y)))
          << pair.id << ", row " << y << ", below the nose";
  }
  EXPECT_EQ(people.size(), 6U) << "the same for every unit";
  EXPECT_EQ(contexts, (std::set<std::string>{"anger", "fear", "happy", "surprise"}));
}

TEST(DrawnPairs, TheLoaderCropsBothPicturesAlike) {
  const Scratch folder;
  draw_pairs(few(folder / "p"), common());
  const Csv csv = read_csv(folder / "p/pairs.csv");
  PictureOptions options;
  options.size = 48;
  const auto pictures = load_pictures(read_pairs(folder / "p").pictures, options);
  for (int i = 0; i < pictures->count(); ++i) {
    EXPECT_EQ(pictures->crop(i).used, Crop::landmarks);
    const auto listed = [&](const char* name) {
      return parse_number(csv.rows[std::size_t(i / 2)][std::size_t(csv.column(name))], "");
    };
    EXPECT_NEAR(pictures->crop(i).box.left, listed("crop_left"), .02);
    EXPECT_NEAR(pictures->crop(i).box.bottom, listed("crop_bottom"), .02);
  }
}

TEST(DrawnPairs, AreTheSameForAnyNumberOfThreadsAndKept) {
  const Scratch folder;
  for (const int threads : {1, 2}) {
    DrawSetsOptions options = common();
    options.threads = threads;
    draw_pairs(few(folder / std::to_string(threads)), options);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder / "1"))
    if (entry.is_regular_file()) {
      const fs::path other = folder / "2" / entry.path().lexically_relative(folder / "1");
      EXPECT_EQ(read_file(entry.path()), read_file(other)) << other;
    }
  const fs::path list = folder / "1/pairs.csv";
  fs::last_write_time(list, fs::file_time_type{});
  draw_pairs(few(folder / "1"), common());
  EXPECT_EQ(fs::last_write_time(list), fs::file_time_type{});
  DrawPairsOptions more = few(folder / "1");
  more.pairs_per_unit = 7;
  expect_error_with({"other options", "--pairs"}, [&] { draw_pairs(more, common()); });
}

TEST(DrawnPairs, PeaksShowUnitsOfNoEmotion) {
  const Scratch folder;
  DrawPairsOptions options{.folder = folder / "p", .units = {43}, .pairs_per_unit = 2};
  expect_error_with({"no drawn emotion shows AU43", "--pair-context"}, [&] { draw_pairs(options, common()); });
  options.context = PairContext::peaks;
  draw_pairs(options, common());
  for (const auto& pair : read_pairs(folder / "p").pairs) EXPECT_EQ(pair.context, "peak");
  options.units = {3};
  expect_error_with({"AU3", "--pair-units"}, [&] { draw_pairs(options, common()); });
  const auto units = units_of_emotions();
  EXPECT_EQ(units.size(), 17U) << "all but AU43";
  EXPECT_EQ(std::ranges::count(units, 43), 0);
}

class PairList : public testing::Test {
 protected:
  PairList() {
    for (const char* name : {"a.png", "b.png"}) set.file(name, picture_bytes());
    set.file("small.png", picture_bytes("exif1.png"));
  }
  void list(const std::string& row, const std::string& more = "") const {
    set.file("pairs.csv", "pair,subject,action_unit,context,with,without" + more + "\n" + row + "\n");
  }
  void expect_refused(const std::vector<std::string>& parts) const {
    expect_error_with(parts, [&] { read_pairs(set.path()); });
  }
  Scratch set;
};

TEST_F(PairList, NeedsOnlySixColumns) {
  list("one,me,5,fear,a.png,b.png");
  const Pairs pairs = read_pairs(set.path());
  ASSERT_EQ(pairs.pairs.size(), 1U);
  EXPECT_EQ(pairs.pairs[0].context, "fear");
  EXPECT_FALSE(pairs.pairs[0].outside);
  EXPECT_TRUE(pairs.pictures.samples.at(1).landmarks.empty());
  EXPECT_EQ(pairs.pictures.samples.at(1).id, "b.png");
  require_same_sizes(pairs, 1);
}

TEST_F(PairList, NamesWhatIsWrong) {
  expect_refused({"pairs.csv"});
  list("");
  expect_refused({"pairs.csv has no pairs", "draw-faces --pairs"});
  list("one,me,5,fear,a.png,c.png");
  expect_refused({"pairs.csv, row 2", "'c.png' is missing"});
  list("one,me,5,fear,a.png,../b.png");
  expect_refused({"pairs.csv", "../b.png"});
  list("one,me,5,fear,a.png,b.png\none,me,6,fear,a.png,b.png");
  expect_refused({"row 3", "listed twice"});
  list("one,me,0,fear,a.png,b.png");
  expect_refused({"row 2", "0 is not the number of an action unit"});
  list("one,,5,fear,a.png,b.png");
  expect_refused({"row 2", "no name"});
  list("one,me,5,fear,a.png,b.png,1;2;3", ",landmarks");
  expect_refused({"row 2", "68 points"});
  list("one,me,5,fear,a.png,b.png,1,2,3,x", ",face_left,face_top,face_right,face_bottom");
  expect_refused({"row 2", "x"});
  list("one,me,5,fear,a.png,small.png");
  expect_error_with({"differ in size", "a.png", "small.png"}, [&] { require_same_sizes(read_pairs(set.path()), 1); });
}

}  // namespace
}  // namespace palimpsest::data::drawn
