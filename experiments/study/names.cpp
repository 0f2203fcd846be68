#include "experiments/study/names.h"

#include <cctype>
#include <string_view>

namespace palimpsest::experiments {

namespace {

std::string plural_of(const std::string& noun) {
  for (const char* ending : {"s", "x", "z", "ch", "sh"})
    if (noun.ends_with(ending)) return noun + "es";
  const bool vowel_before = noun.size() > 1 && std::string_view("aeiou").find(noun[noun.size() - 2]) != noun.npos;
  return noun.ends_with('y') && !vowel_before ? noun.substr(0, noun.size() - 1) + "ies" : noun + "s";
}

}  // namespace

TaskNames with_plurals(TaskNames names) {
  if (names.sources.empty()) names.sources = plural_of(names.source);
  if (names.units.empty()) names.units = plural_of(names.unit);
  return names;
}

std::string step_name_of(const std::string& task) {
  std::string name;
  for (const char c : task) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) && byte < 128)
      name += char(std::tolower(byte));
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  while (name.ends_with('_')) name.pop_back();
  return name;
}

}  // namespace palimpsest::experiments
