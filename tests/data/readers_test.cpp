#include "data/readers.h"

#include "tests/data/sets.h"
#include "tests/support/remarks.h"

namespace palimpsest::data {
namespace {

const std::string header =
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n";

std::string landmarks(int count, char separator) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format("{}{}.5{}{}", i ? std::string(1, separator) : "", 10 + i, separator, 20 + i);
  return text;
}

// A set of AffectNet's first release with one good picture in each list, to be changed by the test.
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

TEST_F(AffectNet, APictureListedTwiceCountsOnce) {
  write("training.csv", header + row("1/a.jpg", 3) + row("1/a.jpg", 3) + row("./1//a.jpg", 4));
  const auto training = read().training;
  ASSERT_EQ(training.samples.size(), 1U);
  EXPECT_EQ(training.samples[0].label, 3);
  ASSERT_EQ(training.skipped.size(), 2U);
  EXPECT_EQ(training.skipped[0].reason, "listed again");
  EXPECT_EQ(training.skipped[1].id, "1/a.jpg");
  EXPECT_EQ(training.skipped[1].reason, "listed again, with another expression");
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

TEST_F(AffectNet, ReadsListsThatWentThroughOtherTools) {
  const std::string points = landmarks(68, ';');
  for (const std::string& text :
       {"expression,valence,facial_landmarks,face_height,face_width,face_y,face_x,subDirectory_filePath\n3,0.1," +
            points + ",9,8,2,1,1/a.jpg\n",
        ",subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression\n17,1/"
        "a.jpg,1.0,2.0,8.0,9.0," +
            points + ",3.0\n",
        "#SubDirectory_filePath, face_x, face_y, face_width, face_height, facial_landmarks, expression\r\n\"1/a.jpg\", "
        "1, 2, 8, 9,\"" +
            points + "\", 3\r\n",
        "subDirectory_filePath;face_x;face_y;face_width;face_height;facial_landmarks;expression\n1/a.jpg;1;2;8;9;\"" +
            points + "\";3\n"}) {
    write("training.csv", text);
    const auto list = read().training;
    ASSERT_EQ(ids(list), std::vector<std::string>{"1/a.jpg"}) << text;
    EXPECT_EQ(list.samples[0].label, 3);
    EXPECT_EQ(list.samples[0].face->left, 1);
    EXPECT_EQ(list.samples[0].face->bottom, 11);
    EXPECT_EQ(list.samples[0].landmarks.size(), 68U);
  }
}

TEST_F(AffectNet, BackslashesAreReadAsSlashesAndThatIsSaid) {
  write("training.csv", header + row("1\\a.jpg", 3) + row("1\\gone.jpg", 3) + row("..\\1\\a.jpg", 3));
  expect_error_with({"training.csv", "../1/a.jpg", "outside"}, [&] { read(); });
  write("training.csv", header + row("1\\a.jpg", 3) + row("1\\gone.jpg", 3));
  Dataset list;
  EXPECT_THAT(remarks_of([&] { list = read().training; }),
              testing::HasSubstr("training.csv: 1 paths are written with backslashes"));
  EXPECT_EQ(ids(list), std::vector<std::string>{"1/a.jpg"});
  EXPECT_TRUE(lists(list, "1\\gone.jpg", "missing"));
}

TEST_F(AffectNet, ExpressionsMayBeWords) {
  write("training.csv", header + "1/a.jpg,1,2,8,9,,Surprise,0,0\n" + "2/B.TIF,1,2,8,9,,Happiness,0,0\n" +
                            "1/b.jpg,1,2,8,9,,Joyous,0,0\n");
  Dataset list;
  EXPECT_THAT(remarks_of([&] { list = read().training; }),
              testing::HasSubstr("training.csv: expressions written as words: 2, read as the classes of these names: "
                                 "Happiness is matched to happy"));
  ASSERT_EQ(list.samples.size(), 2U);
  EXPECT_EQ(list.classes.at(std::size_t(list.samples[1].label)), "happy");
  EXPECT_EQ(list.classes.at(std::size_t(list.samples[0].label)), "surprise");
  EXPECT_TRUE(lists(list, "1/b.jpg", "'Joyous' is neither a whole number nor the name of a class"));
}

TEST_F(AffectNet, APictureUnderAnotherNameIsPointedTo) {
  set.file(images + "1/c.avif", "x");
  write("training.csv", header + row("1/a.jpg", 3) + row("1/A.JPG", 3) + row("1/c.png", 3) + row("2/b.jpg", 3) +
                            row("Images/1/a.jpg", 3));
  const auto list = read().training;
  EXPECT_TRUE(lists(list, "1/A.JPG", "missing; similar: 1/a.jpg"));
  EXPECT_TRUE(lists(list, "1/c.png", "missing; similar: 1/c.avif"));
  EXPECT_TRUE(lists(list, "2/b.jpg", "missing; similar: 2/B.TIF"));
  EXPECT_TRUE(lists(list, "Images/1/a.jpg", "missing; similar: 1/a.jpg"));
  write("training.csv", header + row("1/A.JPG", 3));
  expect_error_with({"1/A.JPG: the picture is missing; similar: 1/a.jpg", "change the names in the list"},
                    [&] { read(); });
}

TEST_F(AffectNet, TheRemedyIsThatOfTheFault) {
  const auto message = [&](const std::string& rows) {
    write("training.csv", header + rows);
    try {
      read();
    } catch (const Error& error) {
      return std::string(error.what()) + " | " + error.remedy();
    }
    return std::string("no error");
  };
  const std::string missing = message(row("1/gone.jpg", 3) + row("1/gone too.jpg", 12) + row("1/gone.jpg", 2));
  EXPECT_THAT(missing,
              testing::AllOf(testing::HasSubstr("1/gone.jpg: the picture is missing"),
                             testing::HasSubstr("unpack the pictures into"), testing::HasSubstr(images.substr(0, 20))));
  for (const std::string& rows : {row("1/a.jpg", 12), row("1/a.jpg", 12) + row("1/gone.jpg", 3)})
    EXPECT_THAT(message(rows),
                testing::AllOf(testing::HasSubstr("1/a.jpg: its expression 12"), testing::HasSubstr("correct the list"),
                               testing::Not(testing::HasSubstr("unpack"))));
  EXPECT_THAT(message("1/a.jpg,\"1,5\",2,8,9,,3,0,0\n"), testing::HasSubstr("face box (1,5 | 2 | 8 | 9)"));
}

TEST_F(AffectNet, WithoutHeaderTheFirstLineMustBeARow) {
  write("training.csv", "path,x,y,w,h,points,label,v,a\n" + row("1/a.jpg", 3));
  expect_error_with({"the first line of", "training.csv", "neither a header", "'label'"}, [&] { read(); });
}

TEST_F(AffectNet, ANegativeBoxWithLandmarksIsKeptWithoutBox) {
  write("training.csv", header + row("1/a.jpg", 3, "1,2,-8,9"));
  const auto list = read().training;
  ASSERT_EQ(list.samples.size(), 1U);
  EXPECT_FALSE(list.samples[0].face);
}

TEST_F(AffectNet, WrongLandmarksAreLeftOut) {
  write("training.csv", header + "1/a.jpg,0,0,5,5," + landmarks(67, ';') + ",3,0,0\n");
  Dataset list;
  EXPECT_THAT(
      remarks_of([&] { list = read().training; }),
      testing::HasSubstr(
          "training.csv: the landmarks of 1 rows are not 68 points and are not used; the first begin with 10.5;20;"));
  EXPECT_TRUE(list.samples.at(0).landmarks.empty());
}

TEST_F(AffectNet, ANameThatClimbsOutIsRefused) {
  for (const char* const name : {"../../secret.jpg", "/etc/passwd", "1/../../x.jpg", "..", "1/.."}) {
    write("training.csv", header + row("1/a.jpg", 3) + row(name, 3));
    expect_error_with({"training.csv", name, "outside"}, [&] { read(); });
  }
  Scratch elsewhere;
  elsewhere.file("secret.jpg", picture_bytes("rgb.jpg"));
  fs::create_symlink(elsewhere / "secret.jpg", set / (images + "1/link.jpg"));
  write("training.csv", header + row("1/link.jpg", 3));
  expect_error_with({"training.csv", "1/link.jpg", "outside"}, [&] { read(); });
}

TEST_F(AffectNet, ABrokenSetIsNamed) {
  write("validation.csv", header + "1/a.jpg,1,2\n");
  expect_error_with({"validation.csv", "row 2"}, [&] { read(); });
  write("validation.csv", "a,b,c\n1,2,3\n");
  expect_error_with({"validation.csv", "3 columns"}, [&] { read(); });
  write("validation.csv", "");
  expect_error_with({"validation.csv", "empty"}, [&] { read(); });
  write("validation.csv", header);
  expect_error_with({"validation.csv", "no usable picture"}, [&] { read(); });
  fs::remove(set / (lists_folder + "validation.csv"));
  expect_error_with({"validation.csv"}, [&] { read(); });
  fs::remove_all(set / images);
  expect_error_with({"has no folder", "Manually_Annotated_Images"}, [&] { read(); });
  expect_error_with({"nowhere", "does not exist"}, [&] { read_affectnet(set / "nowhere"); });
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

TEST_F(AffectNet8, NoPictureIsPassedOver) {
  set.file("train_set/images/77.jpg", picture_bytes("rgb.jpg"));
  set.file("train_set/images/78.avif", "\x01");
  set.file("train_set/annotations/78_exp.npy", text_npy("1"));
  set.file("train_set/images/2.png", picture_bytes());
  set.file("val_set/images/0.JPEG", picture_bytes("rgb.jpg"));
  fs::remove(set / "val_set/images/0.jpg");
  const auto sets = read_affectnet8(set.path());
  EXPECT_EQ(sets.training.samples.size(), 3U);
  EXPECT_EQ(sets.training.skipped.size(), 4U);
  EXPECT_TRUE(lists(sets.training, "train_set/images/77.jpg", "no annotation file 77_exp.npy"));
  EXPECT_TRUE(lists(sets.training, "train_set/images/78.avif", "AVIF pictures are not read"));
  EXPECT_TRUE(lists(sets.training, "train_set/images/2.png", "2.jpg is used"));
  EXPECT_TRUE(lists(sets.training, "train_set/images/Thumbs.db", "not a picture"));
  EXPECT_EQ(ids(sets.validation).at(0), "val_set/images/0.JPEG");
}

TEST_F(AffectNet8, TheCodeMayBeAWordOrAWholeFloat) {
  set.file("train_set/annotations/0_exp.npy", text_npy("Fear"));
  set.file("train_set/annotations/2_exp.npy", text_npy("5.0"));
  write_npy(set / "train_set/annotations/10_exp.npy", std::vector<float>{1.5F}, std::vector<std::int64_t>{1});
  set.file("train_set/annotations/2_lnd.npy", "broken");
  Dataset part;
  const std::string remarks = remarks_of([&] { part = read_affectnet8(set.path()).training; });
  EXPECT_THAT(remarks, testing::HasSubstr("/train_set: expressions written as words: 1"));
  EXPECT_THAT(remarks,
              testing::HasSubstr("/train_set: 1 landmark files do not hold 68 points and are not used; the first is"));
  ASSERT_EQ(part.samples.size(), 2U);
  EXPECT_EQ(part.samples[0].label, 4);
  EXPECT_EQ(part.samples[1].label, 5);
  EXPECT_TRUE(lists(part, "train_set/images/10.jpg", "expression 1.5"));
}

TEST_F(AffectNet8, AMissingPartIsNamed) {
  fs::remove_all(set / "val_set/annotations");
  expect_error_with({"val_set/annotations"}, [&] { read_affectnet8(set.path()); });
}

}  // namespace
}  // namespace palimpsest::data
