#pragma once
#include <string>

#include "base/files.h"

namespace palimpsest {

// The name of an array: a .npy file, or ARCHIVE.npz[MEMBER]. A file with brackets in its own name is that file.
struct ArrayName {
  fs::path file;
  std::string member;  // empty: not stated
};
ArrayName parse_array_name(const fs::path& name);

inline bool is_npz(const fs::path& file) {
  return file.extension() == ".npz";
}

}  // namespace palimpsest
