#include <string>

#include "fuzz/weights.h"

namespace palimpsest {

namespace {

// The entries of a zip archive as torch.save makes it: stored, without checksums.
class Archive {
 public:
  void add(const std::string& name, std::string_view content) {
    const auto header = [&](std::string_view magic, std::string_view before, std::string_view after) {
      std::string text(magic);
      text += before;
      text += std::string("\x14\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);  // version 2.0, stored, no time, checksum 0
      put(text, std::uint32_t(content.size()), 4);
      put(text, std::uint32_t(content.size()), 4);
      put(text, std::uint32_t(name.size()), 2);
      return text += after;
    };
    const std::string none("\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    directory_ += header("PK\x01\x02", std::string_view("\x14\0", 2), none);
    put(directory_, std::uint32_t(local_.size()), 4);
    directory_ += name;
    local_ += header("PK\x03\x04", {}, std::string_view(none).substr(0, 2));
    local_ += name;
    local_ += content;
    ++entries_;
  }
  std::string bytes() const {
    std::string end = local_ + directory_ + "PK\x05\x06" + std::string(4, '\0');
    put(end, entries_, 2);
    put(end, entries_, 2);
    put(end, std::uint32_t(directory_.size()), 4);
    put(end, std::uint32_t(local_.size()), 4);
    return end + std::string(2, '\0');
  }

 private:
  static void put(std::string& to, std::uint32_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) to += char(number >> (8 * i));
  }
  std::string local_, directory_;
  std::uint32_t entries_ = 0;
};

}  // namespace

// The pickle of an archive of torch.save with three storages: a checksum in the way of every change is left out.
void fuzz::target(std::string_view bytes) {
  Archive archive;
  archive.add("x/data.pkl", bytes);
  archive.add("x/version", "3\n");
  for (const char* key : {"0", "1", "2"}) archive.add(std::string("x/data/") + key, std::string(256, '\x3F'));
  examine(*nn::open_weights(as_file(archive.bytes())));
}

}  // namespace palimpsest
