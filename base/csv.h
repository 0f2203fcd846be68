#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace palimpsest {

// A CSV file (RFC 4180: quoted fields may hold commas, quotes and line ends; a byte-order mark, CR LF, empty lines and
// blanks around quotes are accepted).
struct Csv {
  fs::path path;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  int column(std::string_view name) const;   // throws Error when there is none
  std::string where(std::size_t row) const;  // "FILE, row 12", for messages
};

// Throws Error when the file is missing, is not text in UTF-8, a quote is left open or followed by text, a field has
// more than 1 MiB, or a row has another number of fields than the header. For the files of others see base/table.h.
Csv read_csv(const fs::path& path, bool has_header = true);

// The two halves of read_csv: the text without its byte-order mark, and its rows, which may differ in length.
std::string read_csv_text(const fs::path& path);
std::vector<std::vector<std::string>> parse_csv(const fs::path& path, std::string_view text, char separator = ',');

std::string csv_field(std::string_view text);  // quoted where it must be

std::string_view without_blanks(std::string_view text);  // spaces, tabs and line ends at either end taken off

// The number that `text` spells (spaces around it allowed). Throws Error with `where` unless all of it is a finite
// number.
double parse_number(std::string_view text, std::string_view where);
long parse_integer(std::string_view text, std::string_view where);

}  // namespace palimpsest
