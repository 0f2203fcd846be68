#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace palimpsest {

// A CSV file (RFC 4180: quoted fields may hold commas, quotes and line ends; a byte-order mark and CR LF are accepted).
struct Csv {
  fs::path path;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  int column(std::string_view name) const;   // throws Error when there is none
  std::string where(std::size_t row) const;  // "FILE, row 12", for messages
};

// Throws Error when the file is missing or holds a zero byte, a quote is left open or followed by text, a field has
// more than 1 MiB, or a row has another number of fields than the header.
Csv read_csv(const fs::path& path, bool has_header = true);

std::string csv_field(std::string_view text);  // quoted where it must be

// The number that `text` spells (spaces around it allowed). Throws Error with `where` unless it is wholly one, and
// finite.
double parse_number(std::string_view text, std::string_view where);
long parse_integer(std::string_view text, std::string_view where);

}  // namespace palimpsest
