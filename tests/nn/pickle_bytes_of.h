#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest::nn {

// Pickles written opcode by opcode, and PyTorch's older form of a file around them.
namespace pickled {

using namespace std::string_literals;

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += char(value >> (8 * i) & 0xff);
  return text;
}
inline std::string text(std::string_view value) {
  return "X" + little_endian(value.size(), 4) + std::string(value);
}
inline std::string number(std::int64_t value) {
  return "\x8a\x08" + little_endian(std::uint64_t(value), 8);
}
inline std::string numbers(const std::vector<std::int64_t>& values) {
  std::string tuple = "(";
  for (const auto value : values) tuple += number(value);
  return tuple + "t";
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

struct Tensor {
  std::vector<std::int64_t> sizes{2}, strides{1};
  std::int64_t offset = 0, count = 4;  // of the storage
  std::string key = "0", storage = "FloatStorage", view = "N";
};
inline std::string tensor(const Tensor& t) {
  return global("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") + global("torch", t.storage) +
         text(t.key) + text("cpu") + number(t.count) + t.view + "tQ" + number(t.offset) + numbers(t.sizes) +
         numbers(t.strides) + "\x89Nt" + "R";
}
// A dict with one entry.
inline std::string entry(const std::string& key, const std::string& value) {
  return "}" + text(key) + value + "s";
}

// `object` without its end. If it names a storage, one of `count` floats 1, 2, 3, ... with the key 0 follows.
inline std::string legacy_file(const std::string& object, std::uint64_t count = 4) {
  const std::string start = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s + "\x80\2M\xe9\3."s +
                            "\x80\2}."s + "\x80\2"s + object + ".";
  if (object.find(text("storage")) == std::string::npos) return start + "\x80\2]."s;
  std::string bytes = start + "\x80\2]"s + text("0") + "a." + little_endian(count, 8);
  for (std::uint64_t i = 0; i < count; ++i) {
    const float value = float(i + 1);
    bytes.append(reinterpret_cast<const char*>(&value), 4);
  }
  return bytes;
}

}  // namespace pickled
}  // namespace palimpsest::nn
