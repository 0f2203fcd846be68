#include "base/csv.h"

#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

using Rows = std::vector<std::vector<std::string>>;

class CsvTest : public testing::Test {
 protected:
  Csv read(std::string_view text, bool has_header = true) {
    write_file(folder_ / "table.csv", text);
    return read_csv(folder_ / "table.csv", has_header);
  }
  const TempFolder folder_;
};

TEST_F(CsvTest, PlainRows) {
  const Csv csv = read("id,label\na,1\nb,2\n");
  EXPECT_EQ(csv.header, (std::vector<std::string>{"id", "label"}));
  EXPECT_EQ(csv.rows, (Rows{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(csv.column("label"), 1);
  EXPECT_THAT(csv.where(0), testing::HasSubstr("table.csv, row 2")) << "the header is row 1";
}

TEST_F(CsvTest, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  const Csv csv = read("a,b\n\"x, y\",\"said \"\"hi\"\"\"\n\"two\nlines\",\"\"\n");
  EXPECT_EQ(csv.rows, (Rows{{"x, y", "said \"hi\""}, {"two\nlines", ""}}));
}

TEST_F(CsvTest, BlanksAroundQuotesDoNotBelongToTheField) {
  EXPECT_EQ(read("a, b\n\"1\" , \"x, y\"\n").rows, (Rows{{"1", "x, y"}}));
  EXPECT_EQ(read("a, b\n1, y \n").rows, (Rows{{"1", " y "}})) << "without quotes they do";
}

TEST_F(CsvTest, ByteOrderMarkAndWindowsLineEnds) {
  const Csv csv = read("\xEF\xBB\xBFid,label\r\na,1\r\n\r\nb,2\r\n");
  EXPECT_EQ(csv.header[0], "id");
  EXPECT_EQ(csv.rows, (Rows{{"a", "1"}, {"b", "2"}})) << "an empty line is not a row";
}

TEST_F(CsvTest, OldMacintoshLineEnds) {
  EXPECT_EQ(read("a,b\r1,2\r3,4\r").rows, (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST_F(CsvTest, TheLastLineNeedsNoLineEnd) {
  EXPECT_EQ(read("a,b\n1,2").rows, (Rows{{"1", "2"}}));
}

TEST_F(CsvTest, EmptyFieldsAreKept) {
  EXPECT_EQ(read("a,b,c\n,,\n1,,3\n").rows, (Rows{{"", "", ""}, {"1", "", "3"}}));
}

TEST_F(CsvTest, WithoutHeaderTheFirstLineIsARow) {
  const Csv csv = read("1,2\n3,4\n", false);
  EXPECT_EQ(csv.rows, (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_THAT(csv.where(0), testing::HasSubstr("row 1"));
  EXPECT_TRUE(read("", false).rows.empty());
}

TEST_F(CsvTest, Refused) {
  expect_error("table.csv is empty", [&] { read(""); });
  expect_error("table.csv, row 3 has 1 fields, but 2", [&] { read("a,b\n1,2\n3\n"); });
  expect_error("table.csv, row 2 has 3 fields", [&] { read("a,b\n1,2,3\n"); });
  expect_error("table.csv ends inside a quoted field", [&] { read("a,b\n1,\"2\n"); });
  expect_error("zero byte", [&] { read(std::string_view("a,b\n1,\0002\n", 8)); });
  expect_error("table.csv contains a zero byte and is not a CSV file; it may be UTF-16 text",
               [&] { read(std::string_view("a\0,\0b\0", 6)); });
  expect_error("table.csv is not a CSV file: it is UTF-16 text", [&] { read(std::string_view("\xFF\xFE\x61\0", 4)); });
  expect_error("table.csv is not a CSV file: it is an Excel or Office file",
               [&] { read("PK\x03\x04 xl/worksheets/sheet1.xml"); });
  expect_error("table.csv is not a CSV file: it is a Git LFS pointer",
               [&] { read("version https://git-lfs.github.com/spec/v1\n"); });
  expect_error("row 2 has text after a closing quote", [&] { read("a,b\n\"1\"x,2\n"); });
  expect_error("row 2 has text after a closing quote", [&] { read("a,b\n\"\"x,2\n"); });
  expect_error("row 2 has a field of more than", [&] { read("a,b\n1," + std::string(2'000'000, 'x') + "\n"); });
  expect_error("no column 'c'", [&] { read("a,b\n1,2\n").column("c"); });
  expect_error("absent.csv", [&] { read_csv(folder_ / "absent.csv"); });
}

TEST_F(CsvTest, FieldsAreQuotedSoThatTheyComeBack) {
  const std::vector<std::string> fields{"plain", "a,b", "q\"q", "two\nlines", " spaces ", "\"", ""};
  std::string text;
  for (const auto& field : fields) {
    if (!text.empty()) text += ',';
    text += csv_field(field);
  }
  EXPECT_EQ(read(text + "\n", false).rows, Rows{fields});
  EXPECT_EQ(csv_field("plain"), "plain");
}

TEST(ParseNumber, WhatSpellsOne) {
  EXPECT_EQ(parse_number("2.5", "here"), 2.5);
  EXPECT_EQ(parse_number("  1.0000000e+00 \r", "here"), 1.0);
  EXPECT_EQ(parse_number("-0.5", "here"), -0.5);
  EXPECT_EQ(parse_number("+3", "here"), 3);
  EXPECT_EQ(parse_integer(" -12 ", "here"), -12);
}

TEST(ParseNumber, WhatDoesNot) {
  for (const char* text : {"", "  ", "abc", "1x", "1,5", "nan", "inf", "-inf", "1e999", "--1", "0x10", "1 2"})
    expect_error("here: ", [&] { parse_number(text, "here"); });
  for (const char* text : {"", "1.5", "1e3", "99999999999999999999", "x"})
    expect_error("here: ", [&] { parse_integer(text, "here"); });
}

}  // namespace
}  // namespace palimpsest
