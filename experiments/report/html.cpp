#include "experiments/report/html.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace palimpsest::experiments::report {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t j) { return j < bytes.size() ? std::uint32_t(std::uint8_t(bytes[j])) : 0u; };
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (std::size_t j = 0; j < 4; ++j) out += i + j <= bytes.size() ? letters[three >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::string fixed(double value, int digits) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  std::string text = fmt::format("{:.{}f}", std::abs(value), digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return value < 0 && !zero ? "−" + text : text;
}

std::string signed_fixed(double value, int digits) {
  const std::string text = fixed(value, digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return value > 0 && !zero ? "+" + text : text;
}

std::string percent(double share, int digits) {
  return fixed(100 * share, digits) + " %";
}

std::string points(double difference, int digits) {
  return signed_fixed(100 * difference, digits);
}

std::string scientific_number(double value) {
  if (value == 0) return "0";
  const int exponent = int(std::floor(std::log10(std::abs(value))));
  if (exponent >= -3 && exponent < 4) return fixed(value, exponent >= 0 ? 2 : 1 - exponent);
  constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string power = exponent < 0 ? "⁻" : "";
  for (const char c : fmt::format("{}", std::abs(exponent))) power += digits[c - '0'];
  return fmt::format("{} × 10{}", fixed(value / std::pow(10.0, exponent), 2), power);
}

std::string p_value(double p) {
  if (p < 1e-300) return "p &lt; 10⁻³⁰⁰";
  if (p >= 0.995) return "p = 1";
  return "p = " + scientific_number(p);
}

std::string count(std::int64_t n, std::string_view one, std::string_view many) {
  std::string digits = fmt::format("{}", n);
  for (int at = int(digits.size()) - 3; at > 0; at -= 3) digits.insert(std::size_t(at), ",");
  return fmt::format("{} {}", digits, n == 1 ? one : many);
}

std::string term(std::string_view id, std::string_view text) {
  return fmt::format("<a class=\"term\" href=\"#word-{}\">{}</a>", id, text);
}

std::vector<std::string> escape(std::vector<std::string> texts) {
  for (std::string& text : texts) text = escape(text);
  return texts;
}

std::string enumerate(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  return text;
}

void Table::row(std::vector<std::string> cells, std::string_view style) {
  rows_.push_back({std::move(cells), std::string(style)});
}

std::string Table::html() const {
  const auto number = [&](std::size_t column) { return column >= first_number_ ? " class=\"number\"" : ""; };
  std::string text = "<div class=\"scroll\"><table><caption>" + caption_ + "</caption><thead><tr>";
  for (std::size_t i = 0; i < header_.size(); ++i)
    text += fmt::format("<th scope=\"col\"{}>{}</th>", number(i), header_[i]);
  text += "</tr></thead><tbody>\n";
  for (const Row& row : rows_) {
    text += row.style.empty() ? "<tr>" : fmt::format("<tr class=\"{}\">", row.style);
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      text += i == 0 ? fmt::format("<th scope=\"row\">{}</th>", row.cells[i])
                     : fmt::format("<td{}>{}</td>", number(i), row.cells[i]);
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string figure(const std::string& content, const std::string& caption, std::string_view style) {
  return fmt::format("<figure class=\"{}\">{}<figcaption>{}</figcaption></figure>\n", style, content, caption);
}

std::string section(const std::string& id, const std::string& title, const std::string& content) {
  return fmt::format("<section id=\"{}\"><h2>{}</h2>\n{}</section>\n", id, title, content);
}

std::string paragraph(const std::string& html) {
  return "<p>" + html + "</p>\n";
}

std::string missing(const std::string& html) {
  return "<p class=\"missing\">" + html + "</p>\n";
}

std::string details(const std::string& summary, const std::string& content) {
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", summary, content);
}

}  // namespace palimpsest::experiments::report
