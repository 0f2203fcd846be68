#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest {

std::string escaped(std::string_view text);              // for element content and attributes
std::string base64(std::string_view bytes);              // RFC 4648
std::string picture(const std::string& file, const std::string& alternative);  // <img> with the PNG inside the page
std::string p_value(double p);                           // "0.031", "1.6e-04"
std::string percent(double share);                       // "87.4"

// A table whose first row is its head. Cells are HTML already; a cell that starts with a digit, sign or dot is a number.
std::string table(const std::string& caption, const std::vector<std::vector<std::string>>& rows);

// A section with a heading; `id` for links.
std::string section(const std::string& id, const std::string& heading, const std::string& body);

// The whole page: style, headline, table of contents made from the sections' ids and headings.
std::string page(const std::string& title, const std::string& body);

}  // namespace palimpsest
