#include "experiments/report/html.h"

#include <fmt/format.h>

#include <cctype>

#include "base/files.h"

namespace palimpsest {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) { return i + k < bytes.size() ? std::uint32_t(std::uint8_t(bytes[i + k])) : 0u; };
    const std::uint32_t three = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? digits[three >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string picture(const std::string& file, const std::string& alternative) {
  return fmt::format("<img src=\"data:image/png;base64,{}\" alt=\"{}\">", base64(read_file(file)), escaped(alternative));
}

std::string p_value(double p) { return p >= 0.001 ? fmt::format("{:.3f}", p) : fmt::format("{:.1e}", p); }
std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

std::string table(const std::string& caption, const std::vector<std::vector<std::string>>& rows) {
  std::string out = "<div class=\"wide\"><table><caption>" + caption + "</caption>";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    out += r == 0 ? "<thead><tr>" : "<tr>";
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      const std::string& cell = rows[r][c];
      const bool number = !cell.empty() && (std::isdigit(static_cast<unsigned char>(cell[0])) || cell[0] == '-' || cell[0] == '+' || cell[0] == '.');
      if (r == 0 || c == 0) out += fmt::format("<th scope=\"{}\">{}</th>", r == 0 ? "col" : "row", cell);
      else out += fmt::format("<td{}>{}</td>", number ? " class=\"n\"" : "", cell);
    }
    out += r == 0 ? "</tr></thead><tbody>" : "</tr>";
  }
  return out + "</tbody></table></div>";
}

std::string section(const std::string& id, const std::string& heading, const std::string& body) {
  return fmt::format("<section id=\"{}\"><h2>{}</h2>{}</section>\n", id, heading, body);
}

namespace {

constexpr const char* kStyle = R"(
:root{--ink:#1d2126;--soft:#5b6470;--paper:#fff;--line:#d9dee4;--box:#f4f6f8;--a:#0072b2;--b:#d55e00;--c:#009e73;--d:#cc79a7;--e:#e69f00;--f:#56b4e9}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa5b1;--paper:#15181c;--line:#343b43;--box:#1e2329}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.3rem;margin:2.6rem 0 .6rem;border-top:1px solid var(--line);padding-top:1.2rem}
h3{font-size:1.05rem;margin:1.4rem 0 .4rem}p,ul{max-width:46rem}
.answer{background:var(--box);border-left:4px solid var(--a);padding:.8rem 1rem;border-radius:4px}.answer p{margin:.4rem 0}
.soft,caption,figcaption{color:var(--soft);font-size:.9rem}
nav{font-size:.9rem}nav a{margin-right:.9rem;white-space:nowrap}a{color:var(--a)}
.wide{overflow-x:auto;margin:.8rem 0}table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.2rem 0 .4rem}th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
td.n{text-align:right}thead th{border-bottom:2px solid var(--soft)}.paper{color:var(--soft);font-style:italic}.fell{color:var(--b);font-weight:600}
figure{margin:1rem 0}svg{max-width:100%;height:auto;display:block}svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:1rem}.case{background:var(--box);border-radius:6px;padding:.6rem}
.case div{display:grid;grid-template-columns:repeat(4,1fr);gap:4px}.case img{width:100%;image-rendering:pixelated;border-radius:3px;display:block}
.case p{margin:.3rem 0 0;font-size:.8rem;overflow-wrap:anywhere}
@media print{.wide{overflow:visible}section{break-inside:avoid-page}}
)";

std::string contents(const std::string& body) {
  std::string links;
  static constexpr std::string_view start = "<section id=\"", middle = "\"><h2>";
  for (std::size_t at = body.find(start); at != std::string::npos; at = body.find(start, at + 1)) {
    const std::size_t id = at + start.size(), head = body.find(middle, id), end = body.find("</h2>", head);
    links += fmt::format("<a href=\"#{}\">{}</a> ", body.substr(id, head - id), body.substr(head + middle.size(), end - head - middle.size()));
  }
  return "<nav aria-label=\"Contents\">" + links + "</nav>";
}

}  // namespace

std::string page(const std::string& title, const std::string& body) {
  const std::size_t first = body.find("<section");
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>{0}</title><style>{1}</style></head>\n<body><main>"
      "<h1>{0}</h1>{2}{3}{4}</main></body></html>\n",
      escaped(title), kStyle, body.substr(0, first), contents(body), body.substr(first));
}

}  // namespace palimpsest
