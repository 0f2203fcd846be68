#include "experiments/study/fingerprint.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "data/set_files.h"

namespace palimpsest::experiments {

namespace {

struct Listed {
  std::string name;  // below the folder
  fs::path path;
  std::uint64_t size = 0;
};

std::vector<Listed> list_files(const fs::path& folder) {
  std::vector<Listed> files;
  try {
    const auto options = fs::directory_options::follow_directory_symlink;
    for (const auto& entry : fs::recursive_directory_iterator(folder, options)) {
      check_interrupt();
      if (entry.is_regular_file())
        files.push_back({data::path_below(entry.path(), folder), entry.path(), entry.file_size()});
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("{} cannot be listed: {}", folder.string(), error.code().message()),
                "check the folder named in the config");
  }
  std::sort(files.begin(), files.end(), [](const Listed& a, const Listed& b) { return a.name < b.name; });
  return files;
}

}  // namespace

std::string data_fingerprint(const data::Source& source, std::uint64_t whole_limit) {
  const std::vector<Listed> files = list_files(source.path);
  std::uint64_t total = 0;
  for (const Listed& file : files) total += file.size;
  const bool whole = total <= whole_limit;
  Progress progress("reading " + source.text, std::int64_t(files.size()));
  Sha256 hash;
  for (const Listed& file : files) {
    check_interrupt();
    hash.add(fmt::format("{}\n{}\n", file.name, file.size));
    if (whole || !data::is_picture_name(file.path)) hash.add(sha256_of_file(file.path));
    progress.advance();
  }
  return hash.hex();
}

}  // namespace palimpsest::experiments
