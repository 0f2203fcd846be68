#include "base/class_names.h"

#include <fmt/ranges.h>
#include <utf8proc.h>

#include <array>
#include <cstdlib>
#include <map>
#include <memory>

#include "base/csv.h"
#include "base/error.h"
#include "base/file_kind.h"

namespace palimpsest {

namespace {

// The same emotion under other names, as data sets and papers write them; the first is AffectNet's.
constexpr std::array<std::array<std::string_view, 4>, 8> emotion_names{{{"neutral", "neutrality"},
                                                                        {"happy", "happiness", "joy", "joyful"},
                                                                        {"sad", "sadness"},
                                                                        {"surprise", "surprised"},
                                                                        {"fear", "fearful", "afraid"},
                                                                        {"disgust", "disgusted"},
                                                                        {"anger", "angry"},
                                                                        {"contempt", "contemptuous"}}};

// The name case-folded, in any script, and composed: macOS writes an accent as a separate character. Bytes that are
// not UTF-8 are as they come back from a weights file.
std::string folded(std::string_view name) {
  const std::string_view text = without_blanks(name);
  std::string valid;
  for (std::size_t at = 0; at < text.size();) {
    const auto* const from = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
    utf8proc_int32_t character = 0;
    const auto used = utf8proc_iterate(from, utf8proc_ssize_t(text.size() - at), &character);
    // JSON and safetensors store U+FFFD in place of such a byte.
    valid += used > 0 ? text.substr(at, std::size_t(used)) : std::string_view("\xEF\xBF\xBD");
    at += used > 0 ? std::size_t(used) : 1;
  }
  utf8proc_uint8_t* mapped = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(valid.data()), utf8proc_ssize_t(valid.size()), &mapped,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  return length < 0 ? valid : std::string(reinterpret_cast<const char*>(mapped), std::size_t(length));
}

// The emotion that a folded name stands for; the name itself if it is not in the table.
std::string emotion_of(const std::string& name) {
  for (const auto& names : emotion_names)
    for (const auto other : names)
      if (!other.empty() && other == name) return std::string(names.front());
  return name;
}

}  // namespace

void require_distinct_names(const std::vector<std::string>& names, const std::string& where) {
  std::map<std::string, std::string> seen;
  for (const auto& name : names) {
    const auto [earlier, is_new] = seen.emplace(folded(name), name);
    if (!is_new)
      throw Error(fmt::format("{} has two classes called '{}' and '{}', which differ at most in case", where,
                              earlier->second, name),
                  "give every class a distinct name");
  }
}

std::vector<std::string> class_names_from(const std::vector<std::string>& given, const std::string& where) {
  std::vector<std::string> names = given;
  if (given.size() == 1 && given[0].starts_with('@')) {
    names.clear();
    const fs::path file = given[0].substr(1);
    std::string text = read_file(file, 1 << 20);
    const FileKind kind = file_kind(text);
    const bool known = kind.known() && kind.name != "a text file";
    if (known || text.find('\0') != std::string::npos)
      throw Error(fmt::format("{}: {} is {}, but a text file is needed", where, file.string(),
                              known ? kind.name : "UTF-16 text or not text at all"),
                  "save it as plain text in UTF-8, one name per line");
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find('\n', begin), text.size());
      if (const auto name = without_blanks(std::string_view(text).substr(begin, end - begin)); !name.empty())
        names.emplace_back(name);
      begin = end + 1;
    }
    if (names.empty())
      throw Error(fmt::format("{}: {} contains no names", where, file.string()), "write one name per line");
  }
  for (auto& name : names) {
    name = std::string(without_blanks(name));
    if (name.empty()) throw Error(fmt::format("{} has an empty name", where), "name every class: a,b,c");
    if (name.find(',') != std::string::npos)
      throw Error(fmt::format("{}: the name '{}' contains a comma", where, name),
                  "lists of classes are separated by commas: write one name per line, without commas");
  }
  require_distinct_names(names, where);
  return names;
}

bool ClassMap::identity(std::size_t classes) const {
  if (to.size() != classes) return false;
  for (std::size_t i = 0; i < to.size(); ++i)
    if (to[i] != int(i)) return false;
  return true;
}

ClassMap match_classes(const std::vector<std::string>& from, const std::vector<std::string>& to,
                       const std::string& where) {
  std::map<std::string, int> by_name;
  std::map<std::string, std::vector<int>> by_emotion;
  for (std::size_t i = 0; i < to.size(); ++i) {
    by_name.emplace(folded(to[i]), int(i));
    by_emotion[emotion_of(folded(to[i]))].push_back(int(i));
  }
  ClassMap map;
  std::vector<int> taken_by(to.size(), -1);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::string name = folded(from[i]);
    int found = -1;
    if (const auto same = by_name.find(name); same != by_name.end()) {
      found = same->second;
    } else if (const auto alike = by_emotion.find(emotion_of(name)); alike != by_emotion.end()) {
      if (alike->second.size() > 1)
        throw Error(fmt::format("{}: '{}' could be '{}' or '{}'", where, from[i], to[std::size_t(alike->second[0])],
                                to[std::size_t(alike->second[1])]),
                    "give the class one of these names");
      found = alike->second.front();
      map.other_name.emplace_back(from[i], to[std::size_t(found)]);
    }
    if (found >= 0) {
      int& earlier = taken_by[std::size_t(found)];
      if (earlier >= 0)
        throw Error(fmt::format("{}: '{}' and '{}' would both be the class '{}'", where, from[std::size_t(earlier)],
                                from[i], to[std::size_t(found)]),
                    "merge them, or give them distinct names");
      earlier = int(i);
    }
    map.to.push_back(found);
  }
  return map;
}

int find_class(const std::string& name, const std::vector<std::string>& names, const std::string& where) {
  return match_classes({name}, names, where).to.front();
}

std::string other_names_text(const ClassMap& map) {
  std::vector<std::string> parts;
  for (const auto& [theirs, ours] : map.other_name)
    parts.push_back(fmt::format("{} {} {}", theirs, parts.empty() ? "is matched to" : "to", ours));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace palimpsest
