#include "base/table.h"

#include "fuzz/harness.h"

// Every column found is one of the table, and every row has it.
void palimpsest::fuzz::target(std::string_view bytes) {
  const TableColumns columns{{"path", "label", "landmarks"}, {"landmarks"}};
  const Table table = read_table(as_file(bytes), columns);
  PALIMPSEST_REQUIRE(table.at.size() == columns.names.size(), "columns");
  for (const auto& row : table.csv.rows)
    for (const int column : table.at)
      PALIMPSEST_REQUIRE(column >= -1 && column < int(row.size()), "column {} of {}", column, row.size());
}
