#include "base/csv.h"

#include <cmath>

#include "fuzz/harness.h"

namespace palimpsest {

// Fields, written as csv_field() does and read again, are the same; a number is finite. Every written row ends with a
// field more: one of a single empty field would be an empty line.
void fuzz::target(std::string_view bytes) {
  const Csv csv = read_csv(as_file(bytes));
  std::string text;
  for (const auto& row : csv.rows) {
    PALIMPSEST_REQUIRE(row.size() == csv.header.size(), "width");
    for (const auto& field : row) text += csv_field(field) + ",";
    text += "end\n";
  }
  auto again = parse_csv(csv.path, text);
  for (auto& row : again) row.pop_back();
  PALIMPSEST_REQUIRE(again == csv.rows, "copy");
  for (const auto& row : csv.rows)
    for (const auto& field : row) {
      PALIMPSEST_REQUIRE(std::isfinite(parse_number(field, "field")), "number");
      parse_integer(field, "field");
    }
}

}  // namespace palimpsest
