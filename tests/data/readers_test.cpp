#include "data/readers.h"

#include "tests/data/scratch.h"

namespace palimpsest {
namespace {

std::vector<std::string> ids(const Dataset& set) {
  std::vector<std::string> result;
  for (const auto& sample : set.samples) result.push_back(sample.id);
  return result;
}

bool lists(const Dataset& set, const std::string& id, const std::string& reason) {
  for (const auto& skipped : set.skipped)
    if (skipped.id == id && skipped.reason.find(reason) != std::string::npos) return true;
  return false;
}

const std::string header =
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n";

std::string landmarks(int count, char separator) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format("{}{}.5{}{}", i ? std::string(1, separator) : "", 10 + i, separator, 20 + i);
  return text;
}

// A set of AffectNet's first form with one good picture in each list, to be changed by the test.
struct AffectNet : testing::Test {
  AffectNet() {
    set.file(images + "1/a.jpg", picture_bytes("rgb.jpg"));
    set.file(images + "2/B.TIF", picture_bytes("lzw.tif"));
    write("training.csv", header + row("1/a.jpg", 3));
    write("validation.csv", header + row("2/B.TIF", 0));
  }
  static std::string row(const std::string& path, int code, const std::string& box = "1,2,8,9") {
    return fmt::format("{},{},{},{},0.1,-0.2\n", path, box, landmarks(68, ';'), code);
  }
  void write(const std::string& list, const std::string& text) { set.file(lists_folder + list, text); }
  ListedSets read() { return read_affectnet(set.path()); }

  Scratch set;
  std::string images = "Manually_Annotated_Images/", lists_folder = "Manually_Annotated_file_lists/";
};

TEST_F(AffectNet, ReadsPathsBoxesLandmarksAndCodes) {
  const auto sets = read();
  ASSERT_EQ(sets.training.samples.size(), 1U);
  const Sample& sample = sets.training.samples[0];
  EXPECT_EQ(sample.id, "1/a.jpg");
  EXPECT_EQ(sets.training.classes.at(std::size_t(sample.label)), "surprise");
  ASSERT_TRUE(sample.face);
  EXPECT_EQ(sample.face->left, 1);
  EXPECT_EQ(sample.face->right, 9);
  EXPECT_EQ(sample.face->bottom, 11);
  ASSERT_EQ(sample.landmarks.size(), 68U);
  EXPECT_EQ(sample.landmarks[67].x, 77.5);
  EXPECT_EQ(sample.landmarks[67].y, 87);
  EXPECT_EQ(sets.validation.samples.at(0).id, "2/B.TIF");
  EXPECT_EQ(sets.training.classes.size(), 11U);
  EXPECT_NO_THROW(read_image(sets.validation.samples[0].image));
}

TEST_F(AffectNet, TakesAHeaderThatBeginsWithAHashAndAListWithoutHeader) {
  write("training.csv", "#" + header + row("1/a.jpg", 3));
  write("validation.csv", row("2/B.TIF", 7));
  const auto sets = read();
  EXPECT_EQ(sets.training.samples.at(0).label, 3);
  EXPECT_EQ(sets.validation.samples.at(0).label, 7);
}

TEST_F(AffectNet, FindsTheFoldersWhereAnArchiveNestsThem) {
  for (const std::string name :
       {"Manually_Annotated/Manually_Annotated_Images", "Manually_Annotated_Images/Manually_Annotated_Images"}) {
    Scratch nested;
    nested.file(name + "/1/a.jpg", picture_bytes("rgb.jpg"));
    for (const char* const list : {"training.csv", "validation.csv"})
      nested.file("Manually_Annotated_file_lists/" + std::string(list), header + row("1/a.jpg", 3));
    EXPECT_EQ(read_affectnet(nested.path()).training.samples.size(), 1U) << name;
  }
}

TEST_F(AffectNet, SkipsAndListsRowsThatCannotBeUsed) {
  write("training.csv", header + row("1/a.jpg", 3) + row("1/missing.jpg", 3) + row("1/code.jpg", 11) +
                            "1/word.jpg,1,2,8,9,,NULL,0,0\n" + "1/box.jpg,1,2,8.5,9,,3,0,0\n" +
                            "1/negative.jpg,1,2,-8,9,,3,0,0\n");
  const auto list = read().training;
  EXPECT_EQ(ids(list), std::vector<std::string>{"1/a.jpg"});
  EXPECT_EQ(list.skipped.size(), 5U);
  EXPECT_TRUE(lists(list, "1/missing.jpg", "missing"));
  EXPECT_TRUE(lists(list, "1/code.jpg", "11"));
  EXPECT_TRUE(lists(list, "1/word.jpg", "NULL"));
  EXPECT_TRUE(lists(list, "1/box.jpg", "whole numbers"));
  EXPECT_TRUE(lists(list, "1/negative.jpg", "-8 x 9"));
}

TEST_F(AffectNet, ANegativeBoxWithLandmarksIsKeptWithoutBox) {
  write("training.csv", header + row("1/a.jpg", 3, "1,2,-8,9"));
  const auto list = read().training;
  ASSERT_EQ(list.samples.size(), 1U);
  EXPECT_FALSE(list.samples[0].face);
}

TEST_F(AffectNet, WrongLandmarksAreLeftOut) {
  write("training.csv", header + "1/a.jpg,0,0,5,5," + landmarks(67, ';') + ",3,0,0\n");
  EXPECT_TRUE(read().training.samples.at(0).landmarks.empty());
}

TEST_F(AffectNet, ANameThatClimbsOutIsRefused) {
  for (const char* const name : {"../../secret.jpg", "/etc/passwd", "1/../../x.jpg", "..", "1/.."}) {
    write("training.csv", header + row("1/a.jpg", 3) + row(name, 3));
    expect_error([&] { read(); }, {"training.csv", name, "outside"});
  }
  Scratch elsewhere;
  elsewhere.file("secret.jpg", picture_bytes("rgb.jpg"));
  fs::create_symlink(elsewhere / "secret.jpg", set / (images + "1/link.jpg"));
  write("training.csv", header + row("1/link.jpg", 3));
  expect_error([&] { read(); }, {"training.csv", "1/link.jpg", "outside"});
}

TEST_F(AffectNet, ABrokenSetIsNamed) {
  write("validation.csv", header + "1/a.jpg,1,2\n");
  expect_error([&] { read(); }, {"validation.csv", "row 2"});
  write("validation.csv", "a,b,c\n1,2,3\n");
  expect_error([&] { read(); }, {"validation.csv", "3 columns"});
  write("validation.csv", "");
  expect_error([&] { read(); }, {"validation.csv", "empty"});
  write("validation.csv", header);
  expect_error([&] { read(); }, {"validation.csv", "no picture"});
  fs::remove(set / (lists_folder + "validation.csv"));
  expect_error([&] { read(); }, {"validation.csv"});
  fs::remove_all(set / images);
  expect_error([&] { read(); }, {"has no folder", "Manually_Annotated_Images"});
  expect_error([&] { read_affectnet(set / "nowhere"); }, {"nowhere", "not there"});
}

// One numpy array of one '<U1' element, as the release holds them.
std::string text_npy(const std::string& text) {
  std::string head = fmt::format("{{'descr': '<U{}', 'fortran_order': False, 'shape': (1,), }}", text.size());
  head.append(117 - head.size(), ' ');
  head += '\n';
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + char(head.size()) + '\0' + head;
  for (const char c : text) bytes += std::string{c, '\0', '\0', '\0'};
  return bytes;
}

struct AffectNet8 : testing::Test {
  AffectNet8() {
    for (const std::string part : {"train_set", "val_set"})
      for (const int id : {0, 2, 10}) add(part, std::to_string(id), part == "val_set" ? "7" : "1");
    set.file("train_set/images/Thumbs.db", "x");
  }
  void add(const std::string& part, const std::string& id, const std::string& code) {
    set.file(part + "/images/" + id + ".jpg", picture_bytes("rgb.jpg"));
    set.file(part + "/annotations/" + id + "_exp.npy", text_npy(code));
    fs::create_directories(set.path() / part);
    write_npy(set.path() / part / "annotations" / (id + "_lnd.npy"), std::vector<float>(136, 3.5F),
              std::vector<std::int64_t>{136});
  }
  Scratch set;
};

TEST_F(AffectNet8, ReadsTextCodesAndKeepsThePartsApart) {
  const auto sets = read_affectnet8(set.path());
  EXPECT_EQ(ids(sets.training),
            (std::vector<std::string>{"train_set/images/0.jpg", "train_set/images/2.jpg", "train_set/images/10.jpg"}));
  EXPECT_EQ(ids(sets.validation).at(0), "val_set/images/0.jpg");
  EXPECT_EQ(sets.training.samples[0].label, 1);
  EXPECT_EQ(sets.validation.samples[0].label, 7);
  EXPECT_EQ(sets.training.samples[0].landmarks.size(), 68U);
  EXPECT_EQ(sets.training.classes.size(), 8U);
}

TEST_F(AffectNet8, TakesNumbersAndSkipsWhatCannotBeUsed) {
  write_npy(set / "train_set/annotations/2_exp.npy", std::vector<std::int64_t>{5}, std::vector<std::int64_t>{});
  set.file("train_set/annotations/0_exp.npy", text_npy("8"));
  set.file("train_set/annotations/10_exp.npy", "broken");
  set.file("train_set/annotations/11_exp.npy", text_npy("1"));
  fs::remove(set / "train_set/annotations/2_lnd.npy");
  const auto part = read_affectnet8(set.path()).training;
  EXPECT_EQ(ids(part), std::vector<std::string>{"train_set/images/2.jpg"});
  EXPECT_EQ(part.samples[0].label, 5);
  EXPECT_TRUE(part.samples[0].landmarks.empty());
  EXPECT_TRUE(lists(part, "train_set/images/0.jpg", "expression 8"));
  EXPECT_TRUE(lists(part, "train_set/images/10.jpg", "10_exp.npy"));
  EXPECT_TRUE(lists(part, "train_set/images/11.jpg", "missing"));
}

TEST_F(AffectNet8, AMissingPartIsNamed) {
  fs::remove_all(set / "val_set/annotations");
  expect_error([&] { read_affectnet8(set.path()); }, {"val_set/annotations"});
}

TEST(Folder, HasAClassPerFolderInOrderOfTheirNames) {
  Scratch set;
  for (const char* const name : {"b/2.PNG", "b/1.jpg", "a/deep/3.bmp", "a/Thumbs.db", ".hidden/4.png"})
    set.file(name, picture_bytes());
  const auto read = read_folder(set.path());
  EXPECT_EQ(read.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(ids(read), (std::vector<std::string>{"a/deep/3.bmp", "b/1.jpg", "b/2.PNG"}));
  EXPECT_EQ(class_counts(read), (std::vector<std::int64_t>{1, 2}));
  set.file("c/readme.txt", "");
  expect_error([&] { read_folder(set.path()); }, {"/c", "no picture"});
  expect_error([&] { read_folder(set / "c"); }, {"/c", "no folder"});
  expect_error([&] { read_folder(set / "d"); }, {"/d", "not there"});
}

}  // namespace
}  // namespace palimpsest
