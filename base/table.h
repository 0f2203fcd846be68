#pragma once
#include <string_view>
#include <vector>

#include "base/csv.h"

namespace palimpsest {

// What a table that others made may hold: the names of its columns, in the order of a file without a header.
struct TableColumns {
  std::vector<std::string_view> names;
  std::vector<std::string_view> optional = {};  // those of `names` that may be missing where there is a header
};

struct Table {
  Csv csv;              // all rows have the header's width; `header` is empty where the file has none
  std::vector<int> at;  // where each of TableColumns::names is; -1: not there
};

// Reads a CSV file whose columns are found by their names: in any order, among others (such as the unnamed index of
// pandas), in any case, with blanks, quotes or a '#' around them. Fields separated by semicolons, tabs or '|' are read
// where the header is understood that way, Excel's line "sep=;" too; a remark says so. A file without a header must
// have exactly the columns of `columns`; a remark says that too. Empty fields beyond the header are left out.
// Throws Error as read_csv does, and for a column that is missing or there twice.
Table read_table(const fs::path& path, const TableColumns& columns);

}  // namespace palimpsest
