#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/array_name.h"
#include "base/zip_file.h"

namespace palimpsest {

// A .npz archive as numpy.savez and savez_compressed write it: a zip file of .npy members. Throws Error naming the file
// when it is missing or broken.
class NpzArchive {
 public:
  explicit NpzArchive(const fs::path& file);

  const std::vector<std::string>& members() const { return members_; }  // without .npy
  bool has(const std::string& member) const;
  const std::string& only_member() const;             // throws Error listing the members unless there is just one
  fs::path name_of(const std::string& member) const;  // "D.npz[x]"
  std::string list() const;                           // "x, y"

  // The bytes of a member. Throws Error when it is missing or larger than the memory. Before memory is taken, `check`
  // may refuse: it receives the first bytes (at most a MiB) and the size of the whole.
  std::string read(const std::string& member, const std::function<void(std::string_view, std::uint64_t)>& check) const;

 private:
  fs::path file_;
  ZipFile zip_;
  std::vector<std::string> members_;
};

}  // namespace palimpsest
