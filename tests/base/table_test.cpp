#include "base/table.h"

#include "tests/support/expect_error.h"
#include "tests/support/remarks.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

using Rows = std::vector<std::vector<std::string>>;

class TableTest : public testing::Test {
 protected:
  Table read(std::string_view text) {
    const fs::path path = folder_ / std::to_string(files_++) / "list.csv";  // each file's remarks are printed once
    fs::create_directories(path.parent_path());
    write_unsynced(path, text);
    Table table;
    remarks_ = remarks_of([&] { table = read_table(path, columns_); });
    return table;
  }
  // The expected columns, a row each, "-" if one is missing.
  Rows fields(std::string_view text) {
    const Table table = read(text);
    Rows rows;
    for (const auto& row : table.csv.rows) {
      rows.emplace_back();
      for (const int at : table.at) rows.back().push_back(at < 0 ? "-" : row.at(std::size_t(at)));
    }
    return rows;
  }
  const TableColumns columns_{{"Path", "Expression", "Valence"}, {"Valence"}};
  const Rows right_{{"1/a.jpg", "3", "0.5"}, {"1/b.jpg", "0", "-0.5"}};
  const TempFolder folder_;
  std::string remarks_;
  int files_ = 0;
};

TEST_F(TableTest, ColumnsAreFoundByTheirNames) {
  for (const char* const text :
       {"Path,Expression,Valence\n1/a.jpg,3,0.5\n1/b.jpg,0,-0.5\n",                                // as handed out
        "expression,PATH,valence\n3,1/a.jpg,0.5\n0,1/b.jpg,-0.5\n",                                // order and case
        ",Path,Expression,Valence\n0,1/a.jpg,3,0.5\n7,1/b.jpg,0,-0.5\n",                           // pandas' index
        "Path,Expression,Valence,extra\n1/a.jpg,3,0.5,x\n1/b.jpg,0,-0.5,y\n",                      // more columns
        "\xEF\xBB\xBF#Path, Expression , \"Valence\"\r\n1/a.jpg,3,0.5\r\n\r\n1/b.jpg,0,-0.5\r\n",  // what tools add
        "\"Path\",\"Expression\",\"Valence\"\n\"1/a.jpg\",\"3\",\"0.5\"\n\"1/b.jpg\",0,-0.5\n",
        "Path,Expression,Valence,\n1/a.jpg,3,0.5,\n1/b.jpg,0,-0.5,\n",  // every line ends in a comma
        "Path,Expression,Valence,\n1/a.jpg,3,0.5\n1/b.jpg,0,-0.5\n",    // the header alone
        "Path,Expression,Valence\n1/a.jpg,3,0.5,,\n1/b.jpg,0,-0.5\n",   // some rows alone
        "\n\nPath,Expression,Valence\n\n1/a.jpg,3,0.5\n1/b.jpg,0,-0.5\n\n"}) {
    EXPECT_EQ(fields(text), right_) << text;
    EXPECT_EQ(remarks_, "") << text;
  }
}

TEST_F(TableTest, OtherSeparatorsAreReadAndSaid) {
  for (const auto& [text, name] :
       {std::pair{"Path;Expression;Valence\n1/a.jpg;3;0.5\n1/b.jpg;0;-0.5\n", "semicolons"},
        std::pair{"Path\tExpression\tValence\n1/a.jpg\t3\t0.5\n1/b.jpg\t0\t-0.5\n", "tabs"},
        std::pair{"Path|Expression|Valence\n1/a.jpg|3|0.5\n1/b.jpg|0|-0.5\n", "'|'"},
        std::pair{"sep=;\r\nPath;Expression;Valence\r\n1/a.jpg;3;0.5\r\n1/b.jpg;0;-0.5\r\n", "semicolons"},
        std::pair{"\"Path\";\"Expression\";\"Valence\"\n\"1/a.jpg\";3;0.5\n1/b.jpg;0;-0.5\n", "semicolons"}}) {
    EXPECT_EQ(fields(text), right_) << text;
    EXPECT_THAT(remarks_, testing::HasSubstr(fmt::format("list.csv: its fields are separated by {}", name)));
  }
}

TEST_F(TableTest, WithoutHeaderTheColumnsAreInTheirOrderAndThatIsSaid) {
  EXPECT_EQ(fields("1/a.jpg,3,0.5\n1/b.jpg,0,-0.5\n"), right_);
  EXPECT_THAT(remarks_,
              testing::HasSubstr("list.csv has no header: its columns are assumed to be Path, Expression, Valence"));
  EXPECT_EQ(fields("1/a.jpg;3;0.5\n1/b.jpg;0;-0.5\n"), right_);
  EXPECT_THAT(read("1/a.jpg,3,0.5\n").csv.where(0), testing::HasSubstr("row 1"));
}

TEST_F(TableTest, AnOptionalColumnMayBeMissing) {
  EXPECT_EQ(fields("Expression,Path\n3,1/a.jpg\n"), (Rows{{"1/a.jpg", "3", "-"}}));
  expect_error("list.csv has no column Expression", [&] { read("Path,Valence\n1/a.jpg,0.5\n"); });
}

TEST_F(TableTest, Refused) {
  expect_error("list.csv is empty", [&] { read(""); });
  expect_error("list.csv has two columns called Expression", [&] { read("Path,Expression,expression\n1,2,3\n"); });
  expect_error("the first line of", [&] { read("a,b\n1,2\n"); });
  expect_error("list.csv, row 3 has 1 field, but 3 are expected", [&] { read("Path,Expression,Valence\n1,2,3\n1\n"); });
  expect_error("list.csv, row 2 has 4 fields, but 3", [&] { read("Path,Expression,Valence\n1,2,3,4\n"); });
  expect_error("(separated by semicolons)", [&] { read("Path;Expression;Valence\n1;2;3;4\n"); });
}

}  // namespace
}  // namespace palimpsest
