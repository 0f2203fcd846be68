#include "experiments/report/wording.h"

#include <cctype>

#include "experiments/report/html.h"

namespace palimpsest::experiments::report {

Wording::Wording(const StudyRecord& record)
    : given(record.given()),
      papers(!given && record.names == with_plurals({})),
      source(escape(record.names.source)),
      sources(escape(record.names.sources)),
      target(escape(record.names.target)),
      unit(escape(record.names.unit)),
      units(escape(record.names.units)),
      before(model_name(record.before())),
      after(model_name(record.farthest())) {}

std::string Wording::begin(std::string words) {
  if (!words.empty()) words.front() = char(std::toupper(static_cast<unsigned char>(words.front())));
  return words;
}

std::string Wording::with_article(const std::string& noun) {
  const bool vowel = !noun.empty() && std::string_view("aeiouAEIOU").find(noun.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + noun;
}

}  // namespace palimpsest::experiments::report
