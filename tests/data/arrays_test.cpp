#include "data/arrays.h"

#include "tests/data/scratch.h"
#include "tests/support/remarks.h"

namespace palimpsest::data {
namespace {

struct ArraysTest : testing::Test {
  // An array file as numpy would write it, of `count` items `item`.
  void write(const std::string& name, const std::string& descr, const std::string& shape, int count,
             std::string_view item) const {
    std::string head = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}\n", descr, shape);
    std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + char(head.size()) + '\0' + head;
    for (int i = 0; i < count; ++i) bytes += item;
    folder.file(name, bytes);
  }
  std::shared_ptr<const Arrays> read(const std::string& labels = "", int classes = 0) const {
    const std::string x = (folder / "x.npy").string();
    const Source source = parse_source("arrays:" + x + (labels.empty() ? "" : "," + (folder / labels).string()));
    auto arrays = read_arrays(source);
    if (classes > 0) require_labels(*arrays, source, classes);
    return arrays;
  }
  static float first(const Arrays& arrays) {
    std::vector<float> picture(3 * std::size_t(arrays.height()) * std::size_t(arrays.width()));
    arrays.fill(0, {}, {}, picture.data());
    return picture[0];
  }
  Scratch folder;
};

TEST_F(ArraysTest, FloatsOfEverySizeAndOrderAreReadAndSaid) {
  for (const auto& [descr, item, stored] : {std::tuple{"<f4", std::string("\0\0\x20\x40", 4), ""},
                                            std::tuple{">f4", std::string("\x40\x20\0\0", 4), "big-endian float32"},
                                            std::tuple{"<f2", std::string("\0\x41", 2), "float16"},
                                            std::tuple{"<f8", std::string("\0\0\0\0\0\0\x04\x40", 8), "float64"}}) {
    write("x.npy", descr, "(2, 3, 1, 1)", 6, item);
    std::shared_ptr<const Arrays> arrays;
    const std::string remarks = remarks_of([&] { arrays = read(); });
    EXPECT_EQ(first(*arrays), 2.5F) << descr;
    EXPECT_EQ(remarks.empty(), std::string_view(stored).empty()) << remarks;
    EXPECT_THAT(remarks, testing::HasSubstr(stored));
  }
}

TEST_F(ArraysTest, WhatIsNotPicturesIsRefusedWithWhatToDo) {
  write("x.npy", "|u1", "(2, 3, 1, 1)", 6, "\x01");
  expect_error_with({"x.npy has the shape (2, 3, 1, 1) and holds uint8", "float32", "normalise"}, [&] { read(); });
  write("x.npy", "<f4", "(2, 4, 4, 3)", 96, std::string(4, '\0'));
  expect_error_with({"(2, 4, 4, 3)", "x.transpose(0, 3, 1, 2)"}, [&] { read(); });
  write("x.npy", "<f4", "(3, 4, 4)", 48, std::string(4, '\0'));
  expect_error_with({"(3, 4, 4)", "x[None]"}, [&] { read(); });
  write("x.npy", "<f4", "()", 1, std::string(4, '\0'));
  expect_error_with({"x.npy has the shape () and holds float32, but float32 (N, 3, H, W) is needed"}, [&] { read(); });
  write("x.npy", "<f4", "(0, 3, 4, 4)", 0, "");
  expect_error_with({"x.npy has the shape (0, 3, 4, 4), which holds no usable picture"}, [&] { read(); });
}

TEST_F(ArraysTest, WhatFloat32CannotHoldIsNamedAsItIs) {
  write("x.npy", "<f8", "(2, 3, 1, 1)", 6, std::string("\x9c\x75\0\x88\x3c\xe4\x37\x7e", 8));  // 1e300
  expect_error_with({"x.npy holds 1e+300 in picture 0", "float32"}, [&] { read(); });
}

TEST_F(ArraysTest, TheFileAtFaultIsNamed) {
  write("x.npy", "<f4", "(2, 3, 1, 1)", 6, std::string(4, '\0'));
  write("y.npy", "<i8", "(3,)", 3, std::string(8, '\0'));
  expect_error_with({"y.npy has the shape (3), but one label for each of the 2 pictures of", "x.npy"},
                    [&] { read("y.npy"); });
  write("y.npy", "<f4", "(2, 8)", 16, std::string(4, '\0'));
  expect_error_with({"y.npy has the shape (2, 8)", "y.argmax(1)"}, [&] { read("y.npy"); });
  write("y.npy", "<U1", "(2,)", 2, std::string("a\0\0\0", 4));
  expect_error_with({"y.npy", "text, but numbers are needed"}, [&] { read("y.npy"); });
  write("y.npy", "|O", "(2,)", 2, std::string(8, '\0'));
  expect_error_with({"y.npy", "pickled Python objects"}, [&] { read("y.npy"); });
  write("y.npy", "<i8", "(2,)", 2, std::string("\x07\0\0\0\0\0\0\0", 8));
  expect_error_with({"y.npy has the label 7 for picture 0, which is not in 0 to 6"}, [&] { read("y.npy", 7); });
}

TEST_F(ArraysTest, MinusOneIsNoLabel) {
  write("x.npy", "<f4", "(2, 3, 1, 1)", 6, std::string(4, '\0'));
  write("y.npy", "<i8", "(2,)", 2, std::string(8, '\xFF'));
  EXPECT_EQ(read("y.npy")->label(1), -1);
  EXPECT_FALSE(read("y.npy")->labelled());
  expect_error_with({"the label -1 for picture 0, which is not in 0 to 6"}, [&] { read("y.npy", 7); });
  write("y.npy", "|i1", "(2,)", 2, "\xFE");
  expect_error_with({"the label -2 for picture 0"}, [&] { read("y.npy"); });
}

TEST_F(ArraysTest, LabelsAreWholeNumbersOfAnyType) {
  write("x.npy", "<f4", "(2, 3, 1, 1)", 6, std::string(4, '\0'));
  for (const auto& [descr, item] : {std::pair{"|b1", std::string("\1")}, std::pair{"|u1", std::string("\1")},
                                    std::pair{">i4", std::string("\0\0\0\1", 4)}}) {
    write("y.npy", descr, "(2,)", 2, item);
    EXPECT_EQ(read("y.npy")->label(1), 1) << descr;
  }
  write("y.npy", "<f4", "(2,)", 2, std::string("\0\0\x80\x3f", 4));
  EXPECT_THAT(remarks_of([&] { EXPECT_EQ(read("y.npy")->label(1), 1); }),
              testing::HasSubstr("y.npy holds float32, all whole numbers, which is read as int64"));
  write("y.npy", "<f4", "(2,)", 2, std::string("\0\0\0\x3f", 4));
  expect_error_with({"y.npy has the value 0.5, but a whole number is needed"}, [&] { read("y.npy"); });
}

TEST_F(ArraysTest, MembersOfArchivesAreArrays) {
  const std::string npz = golden("npz/").string();
  const auto arrays = [&](const std::string& text) { return read_arrays(parse_source("arrays:" + text)); };
  const auto named = arrays(npz + "stored.npz[x]," + npz + "deflated.npz[y]");
  EXPECT_EQ(named->count(), 2);
  EXPECT_EQ(named->label(0), 1);
  EXPECT_EQ(first(*named), 0);
  EXPECT_EQ(arrays(npz + "one.npz")->label(0), -1) << "its only member";
  std::shared_ptr<const Arrays> both;
  EXPECT_THAT(remarks_of([&] { both = arrays(npz + "deflated.npz"); }),
              testing::HasSubstr("deflated.npz: of its arrays x, y, notes the pictures are x and the labels are y."));
  EXPECT_EQ(both->label(0), 1);
  expect_error_with(
      {"others.npz has 3 arrays, but not x and y: x_train, y_train, x_test", "arrays:", "others.npz[...]"},
      [&] { arrays(npz + "others.npz"); });
  expect_error_with({"stored.npz has 2 arrays: x, y"}, [&] { arrays(npz + "stored.npz," + npz + "stored.npz[y]"); });
  expect_error_with({"stored.npz[y] has the shape (2) and holds int64"}, [&] { arrays(npz + "stored.npz[y]"); });
  const Source source = parse_source("arrays:" + npz + "stored.npz");
  expect_error_with({"stored.npz has the label 1 for picture 0, which is not in 0 to 0"},
                    [&] { require_labels(*read_arrays(source), source, 1); });
}

}  // namespace
}  // namespace palimpsest::data
