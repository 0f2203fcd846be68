#pragma once
#include <zip.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest {

// A zip archive, read only: stored and deflated entries, zip64. Throws Error naming the file, which is "not a usable
// KIND", also when an entry's checksum is wrong, its name occurs twice, or its size is more than its stored bytes can
// hold. A checksum of 0 is none: torch.save can omit them. Thread-safe.
class ZipFile {
 public:
  ZipFile(const fs::path& path, std::string kind, std::string remedy);

  const std::vector<std::string>& names() const { return names_; }
  bool has(const std::string& name) const { return entries_.contains(name); }
  std::uint64_t bytes_of(const std::string& name) const;  // uncompressed, at most what the file's size permits

  // An entry's bytes in their order.
  class Reader {
   public:
    Reader(const ZipFile& file, const std::string& name);
    std::uint64_t bytes() const { return bytes_; }
    std::size_t read(char* to, std::size_t most);  // fewer only at the end
    void skip(std::uint64_t bytes);                // requires: nothing was read before
    void finish();                                 // after the last byte: compares the checksum, if nothing was skipped
    [[noreturn]] void fail(const std::string& why) const { file_.damaged(name_, why); }

   private:
    struct Close {
      void operator()(zip_file_t* file) const { zip_fclose(file); }
    };
    const ZipFile& file_;
    std::string name_;
    std::uint64_t bytes_;
    bool checked_;
    std::lock_guard<std::mutex> lock_;
    std::unique_ptr<zip_file_t, Close> opened_;
    std::uint64_t position_ = 0;
  };

 private:
  struct Entry {
    std::uint64_t index = 0;
    bool twice = false;
  };
  struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
  };
  std::uint64_t index_of(const std::string& name) const;
  zip_stat_t status_of(const std::string& name) const;
  [[noreturn]] void unusable(const std::string& why) const;
  [[noreturn]] void damaged(const std::string& name, const std::string& why) const;

  fs::path path_;
  std::string kind_, remedy_;
  std::uint64_t size_ = 0;
  std::unique_ptr<zip_t, Discard> archive_;
  std::vector<std::string> names_;
  std::map<std::string, Entry> entries_;
  mutable std::mutex reading_;
};

}  // namespace palimpsest
