#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace palimpsest {

// What a file is, by its first bytes: for messages about a file that is not what its name says.
struct FileKind {
  std::string_view name;    // "a WebP picture", "a Git LFS pointer"; empty: not known
  std::string_view remedy;  // "convert it to PNG or JPEG"; empty for the pictures that are read
  bool picture = false;

  bool known() const { return !name.empty(); }
  std::string text() const;  // "a WebP picture (convert it to PNG or JPEG)"
};

inline constexpr std::size_t file_kind_bytes = 1024;  // how many of a file's first bytes are examined

FileKind file_kind(std::string_view bytes);

bool is_text(std::string_view bytes);  // printable, and mostly ASCII; false when there are none

}  // namespace palimpsest
