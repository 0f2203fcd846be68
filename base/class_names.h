#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"

// What classes are called. Two names mean the same class when they are equal ignoring case and blanks around them, or
// when both are names of one emotion in the table of class_names.cpp. Nothing else is guessed.
namespace palimpsest {

// "a, b,c", or "@FILE" with one name per line. Throws Error naming `where` for an empty name and for two names that
// are equal ignoring case.
std::vector<std::string> class_names_from(const std::vector<std::string>& given, const std::string& where);

// Throws Error naming `where` when two names are equal ignoring case.
void require_distinct_names(const std::vector<std::string>& names, const std::string& where);

// Where the classes of one list are in another one.
struct ClassMap {
  std::vector<int> to;                                          // for each name of the first list; -1: not there
  std::vector<std::pair<std::string, std::string>> other_name;  // emotions found under another name: theirs, ours

  bool identity(std::size_t classes) const;  // both lists have `classes` names, in the same order
};

// An equal name takes precedence over a synonym. Throws Error naming `where` when a name could mean two
// classes of `to`, or two names of `from` mean the same one.
ClassMap match_classes(const std::vector<std::string>& from, const std::vector<std::string>& to,
                       const std::string& where);

// The class of `names` that `name` means, or -1; as match_classes.
int find_class(const std::string& name, const std::vector<std::string>& names, const std::string& where);

// "happiness is matched to happy, sadness to sad"; empty when no emotion has another name.
std::string other_names_text(const ClassMap& map);

}  // namespace palimpsest
