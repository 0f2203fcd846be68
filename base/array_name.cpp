#include "base/array_name.h"

namespace palimpsest {

ArrayName parse_array_name(const fs::path& name) {
  const std::string text = name.string();
  const auto bracket = text.find(".npz[");
  std::error_code code;
  if (bracket == std::string::npos || !text.ends_with(']') || fs::exists(name, code)) return {name, {}};
  const auto end = bracket + 4;
  return {text.substr(0, end), text.substr(end + 1, text.size() - end - 2)};
}

}  // namespace palimpsest
