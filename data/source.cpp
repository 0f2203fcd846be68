#include "data/source.h"

#include <array>
#include <cstdlib>

#include "base/array_name.h"
#include "base/error.h"

namespace palimpsest::data {

namespace {
constexpr std::array<std::pair<std::string_view, Scheme>, 6> schemes{{{"affectnet", Scheme::affectnet},
                                                                      {"affectnet8", Scheme::affectnet8},
                                                                      {"unbc", Scheme::unbc},
                                                                      {"ckplus", Scheme::ckplus},
                                                                      {"folder", Scheme::folder},
                                                                      {"arrays", Scheme::arrays}}};
constexpr const char* forms =
    "name data as affectnet:DIR, affectnet8:DIR, unbc:DIR, ckplus:DIR, folder:DIR, arrays:X.npy[,Y.npy] or "
    "arrays:D.npz[x],D.npz[y]";

// A shell expands ~ only at the start of a word, not after "folder:".
fs::path expanded(std::string_view text) {
  if (text != "~" && !text.starts_with("~/")) return text;
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home == '\0')
    throw Error(fmt::format("'{}' begins with ~, but HOME is not set", text), "write the folder's whole path");
  const fs::path path = std::string(home) + std::string(text.substr(1));
  std::error_code code;
  if (!fs::exists(parse_array_name(path).file, code))
    throw Error(fmt::format("'{}' expands to {}, which does not exist", text, path.string()),
                "name a folder or file that exists; ~ is the home folder");
  return path;
}
}  // namespace

std::string_view scheme_name(Scheme scheme) {
  for (const auto& [name, known] : schemes)
    if (known == scheme) return name;
  return "?";
}

Source parse_source(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos)
    throw Error(fmt::format("'{}' does not say what kind of data it is", text), forms);
  for (const auto& [name, scheme] : schemes) {
    if (text.substr(0, colon) != name) continue;
    std::string_view rest = text.substr(colon + 1);
    Source source{scheme, {}, {}, std::string(text)};
    if (const auto comma = rest.find(','); scheme == Scheme::arrays && comma != std::string_view::npos) {
      source.labels = expanded(rest.substr(comma + 1));
      rest = rest.substr(0, comma);
      if (source.labels.empty()) throw Error(fmt::format("'{}' names no file after the comma", text), forms);
    }
    if (rest.empty())
      throw Error(fmt::format("'{}' names no {}", text, scheme == Scheme::arrays ? "file" : "folder"), forms);
    source.path = expanded(rest);
    return source;
  }
  throw Error(fmt::format("'{}' is an unknown kind of data", text.substr(0, colon)), forms);
}

}  // namespace palimpsest::data
