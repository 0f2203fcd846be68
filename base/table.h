#pragma once
#include <string_view>
#include <vector>

#include "base/csv.h"

namespace palimpsest {

// The expected columns of a third-party table: their names, in the order of a file without a header.
struct TableColumns {
  std::vector<std::string_view> names;
  std::vector<std::string_view> optional = {};  // those of `names` that may be missing if there is a header
};

struct Table {
  Csv csv;              // all rows have the header's width; `header` is empty if the file has none
  std::vector<int> at;  // where each of TableColumns::names is; -1: missing
};

// Reads a CSV file whose columns are found by name: in any order, among others (such as the unnamed index of pandas),
// in any case, with blanks, quotes or a '#' around them. Semicolons, tabs or '|' are accepted as separators if the
// header fits them, and so is Excel's line "sep=;"; a remark says so. A file without a header must have exactly the
// columns of `columns`, also with a remark. Empty fields beyond the header are ignored.
// Throws Error like read_csv, and for a column that is missing or duplicated.
Table read_table(const fs::path& path, const TableColumns& columns);

}  // namespace palimpsest
