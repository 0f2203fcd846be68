#include "data/listed_pictures.h"

#include <algorithm>

#include "data/set_files.h"

namespace palimpsest::data {

namespace {
std::string with_slashes(std::string name) {
  std::replace(name.begin(), name.end(), '\\', '/');
  return name;
}
}  // namespace

fs::path ListedPictures::find(std::string& name) {
  fs::path path = find_as_it_is(name);
  if (!path.empty() || name.find('\\') == std::string::npos) return path;
  const std::string changed = with_slashes(name);
  path = find_as_it_is(changed);
  if (path.empty()) return path;
  name = changed;
  ++with_backslashes_;
  return path;
}

fs::path ListedPictures::find_as_it_is(const std::string& name) {
  const auto slash = name.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : name.substr(0, slash);
  const std::string file = name.substr(slash + 1);
  if (file == "..") join_inside(folder_, name, list_);  // throws
  auto known = parents_.find(parent);
  if (known == parents_.end()) known = parents_.emplace(parent, join_inside(folder_, name, list_).parent_path()).first;
  const fs::path path = known->second / file;
  std::error_code code;
  const auto status = fs::symlink_status(path, code);
  if (fs::is_symlink(status)) {
    join_inside(folder_, name, list_);
    return is_file(path) ? path : fs::path{};
  }
  return fs::is_regular_file(status) ? path : fs::path{};
}

const ListedPictures::Names& ListedPictures::names_in(const fs::path& parent) {
  auto [found, is_new] = listings_.try_emplace(parent);
  std::error_code code;
  if (is_new && fs::is_directory(parent, code))
    for (const auto& path : files_in(parent))
      found->second.emplace(lower_case(path.stem().string()), path.filename().string());
  return found->second;
}

std::string ListedPictures::similar(const std::string& name) {
  const fs::path wanted = with_slashes(name);
  const Names& names = names_in(folder_ / wanted.parent_path());
  if (const auto near = names.find(lower_case(wanted.stem().string())); near != names.end())
    return (wanted.parent_path() / near->second).generic_string();
  std::string_view rest = name;
  for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    rest.remove_prefix(slash + 1);
    if (!rest.empty() && is_file(folder_ / rest)) return std::string(rest);
  }
  return {};
}

}  // namespace palimpsest::data
