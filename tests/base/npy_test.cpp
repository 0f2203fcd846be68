#include "base/npy.h"

#include <cmath>
#include <numeric>

#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/remarks.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

fs::path golden(const std::string& name) {
  return goldens() / "npy" / (name + ".npy");
}

TEST(Npy, FloatsComeBackAsWritten) {
  const TempFolder folder;
  const auto path = folder / "floats.npy";
  const std::vector<float> values{1, -2.5F, 3e-30F, 4, 5, 6};
  const std::vector<std::int64_t> shape{2, 3};
  write_npy(path, std::span(values), shape);
  const auto array = read_npy(path);
  EXPECT_EQ(array.shape, shape);
  EXPECT_EQ(array.floats(), values);
  EXPECT_EQ(fs::file_size(path) % 64, 24U) << "numpy aligns the data to 64 bytes";
}

TEST(Npy, IntegersComeBackAsWritten) {
  const TempFolder folder;
  const std::vector<std::int64_t> values{1, -2, std::int64_t{1} << 60}, shape{3};
  write_npy(folder / "integers.npy", std::span(values), shape);
  EXPECT_EQ(read_npy(folder / "integers.npy").integers(), values);
}

// Our bytes are identical to numpy's, so that either side can compare files.
TEST(Npy, BytesAreThoseOfNumpy) {
  const TempFolder folder;
  const std::vector<std::int64_t> values{0, 1, 2, 3, 4}, shape{5};
  write_npy(folder / "one.npy", std::span(values), shape);
  EXPECT_EQ(read_file(folder / "one.npy"), read_file(golden("one")));
  write_npy(folder / "f4.npy", std::vector<float>{-6.75F, -3.75F, -0.75F, 2.25F, 5.25F, 8.25F},
            std::vector<std::int64_t>{2, 3});
  EXPECT_EQ(read_file(folder / "f4.npy"), read_file(golden("f4")));
  write_npy(folder / "empty.npy", std::vector<float>{}, std::vector<std::int64_t>{0, 3});
  EXPECT_EQ(read_file(folder / "empty.npy"), read_file(golden("empty")));
}

TEST(Npy, OtherFilesAreNamed) {
  const TempFolder folder;
  expect_error("absent.npy", [&] { read_npy(folder / "absent.npy"); });
  write_unsynced(folder / "text.npy", "no array at all");
  expect_error("text.npy", [&] { read_npy(folder / "text.npy"); });
  write_unsynced(folder / "zip.npy", "PK\x03\x04 and the rest of an archive");
  expect_error("it is a", [&] { read_npy(folder / "zip.npy"); });
  fs::create_directory(folder / "folder.npy");
  expect_error("folder.npy is a folder", [&] { read_npy(folder / "folder.npy"); });
}

TEST(Npy, PartsMakeAWhole) {
  const TempFolder folder;
  NpyWriter writer(folder / "parts.npy", std::vector<std::int64_t>{2, 3});
  writer.append(std::vector<float>{-6.75F, -3.75F});
  writer.append(std::vector<float>{-0.75F, 2.25F, 5.25F, 8.25F});
  writer.commit();
  EXPECT_EQ(read_file(folder / "parts.npy"), read_file(golden("f4")));
  NpyWriter too_few(folder / "few.npy", std::vector<std::int64_t>{2});
  too_few.append(std::vector<float>{1});
  EXPECT_THROW(too_few.commit(), ContractError);
  EXPECT_FALSE(fs::exists(folder / "few.npy"));
}

TEST(Npy, EveryNumberTypeOfNumpy) {
  for (const char* type : {"f4", "f8"}) {
    const auto array = read_npy(golden(type));
    EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3})) << type;
    EXPECT_EQ(array.floats(), (std::vector<float>{-6.75F, -3.75F, -0.75F, 2.25F, 5.25F, 8.25F})) << type;
    expect_error(std::string(type) + ".npy has the value -6.75", [&] { array.integers(); });
  }
  for (const char* type : {"i1", "i2", "i4", "i8"})
    EXPECT_EQ(read_npy(golden(type)).integers(), (std::vector<std::int64_t>{-7, -4, -1, 2, 5, 8})) << type;
  for (const char* type : {"u1", "u2", "u4", "u8"})
    EXPECT_EQ(read_npy(golden(type)).integers(), (std::vector<std::int64_t>{0, 3, 6, 9, 12, 15})) << type;
  EXPECT_EQ(read_npy(golden("bool")).integers(), (std::vector<std::int64_t>{1, 0, 1, 0, 0, 1}));
  EXPECT_EQ(read_npy(golden("i2")).floats(), (std::vector<float>{-7, -4, -1, 2, 5, 8}));
}

// Read as int64 they would come out negative.
TEST(Npy, WholeNumbersBeyondInt64AreRefused) {
  const TempFolder folder;
  std::string bytes = read_file(golden("u8"));
  bytes.replace(bytes.size() - 8, 8, std::string(8, '\xff'));
  write_unsynced(folder / "large.npy", bytes);
  expect_error("large.npy has the value 18446744073709551615", [&] { read_npy(folder / "large.npy").integers(); });
}

TEST(Npy, FortranOrderIsTurned) {
  const auto array = read_npy(golden("fortran"));
  std::vector<float> expected(24);
  std::iota(expected.begin(), expected.end(), 0.0F);
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3, 4}));
  EXPECT_EQ(array.floats(), expected);
}

TEST(Npy, ScalarsAndTextThatSpellsOne) {
  EXPECT_EQ(read_npy(golden("text_scalar")).number(), -0.0793651);
  EXPECT_EQ(read_npy(golden("text_digit")).number(), 7);
  EXPECT_EQ(read_npy(golden("bytes_digit")).number(), 7);
  EXPECT_EQ(read_npy(golden("scalar")).number(), 2.5);
  EXPECT_TRUE(read_npy(golden("scalar")).shape.empty());
  expect_error("i4.npy", [] { read_npy(golden("i4")).number(); });
  expect_error("text_digit.npy", [] { read_npy(golden("text_digit")).floats(); });
}

TEST(Npy, EmptyArraysAndTheLaterHeaders) {
  EXPECT_EQ(read_npy(golden("empty")).count(), 0);
  EXPECT_TRUE(read_npy(golden("empty")).floats().empty());
  EXPECT_EQ(read_npy(golden("version2")).floats(), (std::vector<float>{0, 1, 2, 3}));
  EXPECT_EQ(read_npy(golden("version3")).floats(), (std::vector<float>{0, 1, 2, 3}));
}

TEST(Npy, HalvesAtTheEdgesOfTheirType) {
  const auto array = read_npy(golden("f2"));
  EXPECT_EQ(array.floats(), read_npy(golden("f2_values")).floats());
  EXPECT_TRUE(std::signbit(array.floats()[5])) << "-0";
  EXPECT_EQ(array.stored, "float16");
}

TEST(Npy, BigEndianIsTurned) {
  const std::vector<float> floats{-6.75F, -3.75F, -0.75F, 2.25F, 5.25F, 8.25F};
  EXPECT_EQ(read_npy(golden("big_f4")).floats(), floats);
  EXPECT_EQ(read_npy(golden("big_f8_fortran")).floats(), floats);
  EXPECT_EQ(read_npy(golden("big_i8")).integers(), (std::vector<std::int64_t>{-7, -4, -1, 2, 5, 8}));
  EXPECT_EQ(read_npy(golden("big_text")).number(), 12);
}

TEST(Npy, SaysHowTheFileHoldsIt) {
  for (const auto& [name, stored] :
       {std::pair{"f4", "float32"}, std::pair{"f8", "float64"}, std::pair{"u1", "uint8"}, std::pair{"bool", "bool"},
        std::pair{"big_i8", "big-endian int64"}, std::pair{"big_f8_fortran", "big-endian float64 in Fortran order"},
        std::pair{"text_digit", "text"}})
    EXPECT_EQ(read_npy(golden(name)).stored, stored);
}

TEST(Npy, WhatIsConvertedForTheUserIsSaid) {
  EXPECT_THAT(remarks_of([] { floats_and_remark(read_npy(golden("big_f8_fortran"))); }),
              testing::HasSubstr("big_f8_fortran.npy holds big-endian float64 in Fortran order, which is read as"));
  EXPECT_THAT(remarks_of([] { integers_and_remark(read_npy(golden("version2"))); }), testing::HasSubstr("int64"));
  EXPECT_EQ(remarks_of([] { floats_and_remark(read_npy(golden("f4"))); }), "");
  EXPECT_EQ(remarks_of([] { integers_and_remark(read_npy(golden("u1"))); }), "");
}

// Each is named by its kind, and nothing pickled is ever loaded.
TEST(Npy, OtherTypesAreRefusedByName) {
  for (const auto& [name, what] :
       {std::pair{"object", "pickled Python objects, which are never executed"},
        std::pair{"record", "a structured array"}, std::pair{"complex", "complex numbers"},
        std::pair{"long_double", "floats of a size other"}, std::pair{"date", "dates or times"},
        std::pair{"void", "raw bytes, as numpy saves bfloat16"}})
    expect_error(fmt::format("refused_{}.npy is not a usable .npy file: it holds {}", name, what),
                 [&] { read_npy(golden(fmt::format("refused_{}", name))); });
}

TEST(Npy, AnotherKindOfFileIsNamed) {
  const TempFolder folder;
  const auto refused = [&](std::string_view bytes, const std::string& what) {
    write_unsynced(folder / "x.npy", bytes);
    expect_error("x.npy is not a usable .npy file: it " + what, [&] { read_npy(folder / "x.npy"); });
  };
  refused(read_file(goldens() / "npz/stored.npz"), "is an .npz archive");
  refused(std::string("\x80\x04\x95") + std::string(20, '\0'), "is a Python pickle");
  refused("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer");
  refused("<!DOCTYPE html><html>", "is an HTML page");
  refused("0.5,0.25,0.125\n", "is a text file");
  refused("", "is empty");
  refused("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D", "does not start as one");
}

TEST(Npy, EveryCutIsRefused) {
  const TempFolder folder;
  const auto path = folder / "cut.npy";
  for (const char* name : {"f8", "text_scalar", "version2", "fortran", "empty"}) {
    const std::string whole = read_file(golden(name));
    for (std::size_t length = 0; length < whole.size(); ++length) {
      write_unsynced(path, whole.substr(0, length));
      ASSERT_THROW(read_npy(path), Error) << name << " cut to " << length;
    }
    write_unsynced(path, whole + "x");
    EXPECT_THROW(read_npy(path), Error) << name << " with a byte too many";
  }
}

TEST(Npy, MalformedHeadersAreRefused) {
  const TempFolder folder;
  const auto path = folder / "bad.npy";
  const auto with_header = [&](std::string header) {
    std::string file("\x93NUMPY\x01\x00", 8);
    file += char(header.size());
    file += char(header.size() >> 8);
    write_unsynced(path, file + header + std::string(16, '\0'));
  };
  with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }\n");
  EXPECT_EQ(read_npy(path).count(), 4) << "the form from which the others deviate";
  for (const char* header : {"", "{}", "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4', 'shape': (4,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (4",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (x,), }",
                             "{'descr': '<f4, 'fortran_order': False, 'shape': (4,)",
                             "{'descr': '<f3', 'fortran_order': False, 'shape': (4,), }",
                             "{'descr': '<i-4', 'fortran_order': False, 'shape': (4,), }",
                             "{'descr': '', 'fortran_order': False, 'shape': (4,), }",
                             "{'descr': '<U0', 'fortran_order': False, 'shape': (4,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (3037000500, 3037000500, 2), }",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693954,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"}) {
    with_header(header);
    EXPECT_THROW(read_npy(path), Error) << header;
  }
}

// Any byte of the header changed: an array or an Error, never a crash (run under the sanitizers too).
TEST(Npy, FlippedBytesNeverCrash) {
  const TempFolder folder;
  const auto path = folder / "flipped.npy";
  for (const char* name : {"f4", "text_digit"}) {
    const std::string whole = read_file(golden(name));
    for (std::size_t at = 6; at < whole.size(); ++at)
      for (const char value : {'\0', '\xff', '9', '(', '\''}) {
        std::string changed = whole;
        changed[at] = value;
        write_unsynced(path, changed);
        try {
          const auto array = read_npy(path);
          array.count() == 1 && array.kind == 'U' ? (void)array.number() : (void)array.floats();
        } catch (const Error&) {
        }
      }
  }
}

}  // namespace
}  // namespace palimpsest
