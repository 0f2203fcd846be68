#include "base/excerpt.h"

namespace palimpsest {

std::string excerpt(std::string_view text, std::size_t most) {
  std::size_t end = text.size();
  if (end > most)  // not within a character of several bytes
    for (end = most; end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U;) --end;
  std::string line(text.substr(0, end));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return end < text.size() ? line + "..." : line;
}

}  // namespace palimpsest
