#pragma once
#include <string>
#include <string_view>

#include "base/files.h"

namespace palimpsest::data {

enum class Scheme { affectnet, affectnet8, unbc, ckplus, folder, arrays };

// A data set as it is named on the command line and in a config: affectnet:DIR, affectnet8:DIR, unbc:DIR, ckplus:DIR,
// folder:DIR or arrays:X.npy[,Y.npy], where an array may be a member of an archive, D.npz[x] (base/npz.h). Relative
// paths are relative to the working folder; ~/ at the start is the home folder, in which the path must exist.
struct Source {
  Scheme scheme = Scheme::folder;
  fs::path path;     // the folder, X.npy, D.npz[x], or D.npz
  fs::path labels;   // Y.npy, or empty
  std::string text;  // as given

  // The file at fault for a wrong label.
  const fs::path& labels_or_path() const { return labels.empty() ? path : labels; }
};

// Throws Error listing the known forms when `text` is none of them.
Source parse_source(std::string_view text);

// As an option's value; an empty text names no set.
inline void from_text(const std::string& text, Source& source) {
  source = text.empty() ? Source{} : parse_source(text);
}
inline std::string to_text(const Source& source) {
  return source.text;
}

std::string_view scheme_name(Scheme scheme);

}  // namespace palimpsest::data
