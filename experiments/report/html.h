#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

// Small pieces of HTML and of its wording. Everything that comes from data goes through escape().
namespace palimpsest::experiments::report {

std::string escape(std::string_view text);                        // & < > " '
std::vector<std::string> escape(std::vector<std::string> texts);  // each of them
std::string base64(std::string_view bytes);

std::string fixed(double value, int digits);            // ".87" is written "0.87"; a true minus sign; "-0.00" is "0.00"
std::string signed_fixed(double value, int digits);     // "+0.12", "−0.12"
std::string percent(double share, int digits = 0);      // "87 %"
std::string points(double difference, int digits = 1);  // of shares, as percentage points: "−12.3"
std::string p_value(double p);                          // "p = 0.034", "p = 8.2 × 10⁻¹⁹", "p < 10⁻³⁰⁰"
std::string scientific_number(double value);            // "1.56 × 10⁻⁴", or fixed if that reads better
std::string count(std::int64_t n, std::string_view one, std::string_view many);  // "1 image", "4,000 images"

// A term that the page explains under this id (section_words.cpp), as a link to there.
std::string term(std::string_view id, std::string_view text);

// "a, b and c"
std::string enumerate(const std::vector<std::string>& words);

// A table with a caption. Cells are HTML already. Columns from `first_number` on are aligned as numbers. On narrow
// screens the table scrolls inside its own frame.
class Table {
 public:
  Table(std::string caption, std::vector<std::string> header, std::size_t first_number = 1)
      : caption_(std::move(caption)), header_(std::move(header)), first_number_(first_number) {}
  void row(std::vector<std::string> cells, std::string_view style = {});  // style: "paper", "strong", "quiet"
  bool empty() const { return rows_.empty(); }
  std::string html() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string style;
  };
  std::string caption_;
  std::vector<std::string> header_;
  std::size_t first_number_;
  std::vector<Row> rows_;
};

std::string figure(const std::string& content, const std::string& caption, std::string_view style = {});
std::string section(const std::string& id, const std::string& title, const std::string& content);
std::string paragraph(const std::string& html);
std::string missing(const std::string& html);  // a visible note that a part is missing, and why
std::string details(const std::string& summary, const std::string& content);

std::string style_sheet();

}  // namespace palimpsest::experiments::report
