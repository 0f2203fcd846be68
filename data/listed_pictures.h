#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "base/files.h"

namespace palimpsest::data {

// Finds the pictures that a list names, and rejects names that lead out of the folder. Resolving each of 400,000 paths
// would take minutes: the (about 1,200) sub-folders are resolved once, and a file only if it is a link.
class ListedPictures {
 public:
  ListedPictures(fs::path folder, fs::path list) : folder_(std::move(folder)), list_(std::move(list)) {}

  // Empty when the picture is missing. If it is found only with '/' for the backslashes in its name, `name` is
  // changed to that. Throws Error for a name that leads out of the folder.
  fs::path find(std::string& name);

  // A similar name to one that was not found: in another case or form, or without its first folders. Empty if there is
  // none.
  std::string similar(const std::string& name);

  std::int64_t with_backslashes() const { return with_backslashes_; }  // how many were found that way

 private:
  using Names = std::multimap<std::string, std::string>;  // by stems in lower case

  fs::path find_as_it_is(const std::string& name);
  const Names& names_in(const fs::path& parent);

  fs::path folder_, list_;
  std::map<std::string, fs::path> parents_;
  std::map<fs::path, Names> listings_;
  std::int64_t with_backslashes_ = 0;
};

}  // namespace palimpsest::data
