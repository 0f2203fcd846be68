#include "base/npy.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/error.h"

namespace palimpsest {

static_assert(std::endian::native == std::endian::little, "array files are little endian");

namespace {

[[noreturn]] void malformed(const fs::path& path, const std::string& why) {
  throw Error(fmt::format("{} is not a usable .npy file: {}", path.string(), why),
              "write it again with numpy.save (numbers or text, little endian)");
}

// The value of `key` in numpy's header, a Python dictionary literal such as
// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
std::string_view header_value(std::string_view header, std::string_view key, const fs::path& path) {
  const auto quoted = fmt::format("'{}'", key);
  auto at = header.find(quoted);
  if (at == std::string_view::npos) malformed(path, fmt::format("its header has no {}", quoted));
  at = header.find(':', at + quoted.size());
  if (at == std::string_view::npos) malformed(path, "its header is broken");
  at = header.find_first_not_of(' ', at + 1);
  if (at == std::string_view::npos) malformed(path, "its header is broken");
  std::size_t end = 0;
  if (header[at] == '(') {
    end = header.find(')', at);
    if (end != std::string_view::npos) ++end;
  } else if (header[at] == '\'') {
    end = header.find('\'', at + 1);
    if (end != std::string_view::npos) ++end;
  } else {
    end = header.find_first_of(",}", at);
  }
  if (end == std::string_view::npos) malformed(path, "its header is broken");
  return header.substr(at, end - at);
}

std::vector<std::int64_t> parse_shape(std::string_view text, const fs::path& path) {
  std::vector<std::int64_t> shape;
  const char* at = text.data() + 1;
  const char* const end = text.data() + text.size() - 1;
  while (at < end) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    std::int64_t extent = 0;
    const auto [next, code] = std::from_chars(at, end, extent);
    if (code != std::errc{} || extent < 0) malformed(path, "its shape is broken");
    shape.push_back(extent);
    at = *next == 'L' ? next + 1 : next;
  }
  return shape;
}

std::int64_t product(std::span<const std::int64_t> shape, const fs::path& path) {
  std::int64_t count = 1;
  for (const auto extent : shape)
    if (__builtin_mul_overflow(count, extent, &count)) malformed(path, "its shape overflows");
  return count;
}

void to_c_order(NpyArray& array) {
  if (array.shape.size() < 2 || array.count() == 0) return;
  const auto item = std::size_t(array.item_size);
  std::string turned(array.bytes.size(), '\0');
  std::vector<std::int64_t> at(array.shape.size(), 0);
  for (std::size_t from = 0; from < array.bytes.size(); from += item) {
    std::int64_t to = 0;
    for (std::size_t d = 0; d < at.size(); ++d) to = to * array.shape[d] + at[d];
    std::memcpy(turned.data() + std::size_t(to) * item, array.bytes.data() + from, item);
    for (std::size_t d = 0; d < at.size() && ++at[d] == array.shape[d]; ++d) at[d] = 0;
  }
  array.bytes = std::move(turned);
}

template <typename To, typename From>
void convert(const NpyArray& array, std::vector<To>& to) {
  const auto n = std::size_t(array.count());
  to.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    From value;
    std::memcpy(&value, array.bytes.data() + i * sizeof(From), sizeof(From));
    if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      if (!(std::abs(value) < 9e15) || value != std::floor(value))
        throw Error(fmt::format("{} has the value {} where a whole number is needed", array.path.string(), value),
                    "save it as int64");
    }
    if constexpr (std::is_same_v<From, std::uint64_t> && std::is_integral_v<To>) {
      if (!std::in_range<To>(value))
        throw Error(fmt::format("{} has the value {}, which is too large", array.path.string(), value),
                    "save it as int64");
    }
    to[i] = static_cast<To>(value);
  }
}

template <typename To>
std::vector<To> numbers(const NpyArray& array) {
  std::vector<To> to;
  switch (array.kind) {
    case 'f':
      array.item_size == 4 ? convert<To, float>(array, to) : convert<To, double>(array, to);
      break;
    case 'b':
      convert<To, std::uint8_t>(array, to);
      break;
    case 'i':
      switch (array.item_size) {
        case 1:
          convert<To, std::int8_t>(array, to);
          break;
        case 2:
          convert<To, std::int16_t>(array, to);
          break;
        case 4:
          convert<To, std::int32_t>(array, to);
          break;
        default:
          convert<To, std::int64_t>(array, to);
      }
      break;
    case 'u':
      switch (array.item_size) {
        case 1:
          convert<To, std::uint8_t>(array, to);
          break;
        case 2:
          convert<To, std::uint16_t>(array, to);
          break;
        case 4:
          convert<To, std::uint32_t>(array, to);
          break;
        default:
          convert<To, std::uint64_t>(array, to);
      }
      break;
    default:
      malformed(array.path, "it holds text where numbers are needed");
  }
  return to;
}

std::string header_for(std::string_view descr, std::span<const std::int64_t> shape) {
  std::string extents;
  for (const auto extent : shape) extents += fmt::format("{}, ", extent);
  if (shape.size() > 1) extents.resize(extents.size() - 2);
  if (shape.size() == 1) extents.resize(extents.size() - 1);
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, extents);
  text.append(63 - (text.size() + 10) % 64, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(text.size() & 0xff);
  header += char(text.size() >> 8);
  return header + text;
}

}  // namespace

std::int64_t NpyArray::count() const {
  return product(shape, path);
}
std::vector<float> NpyArray::floats() const {
  return numbers<float>(*this);
}
std::vector<std::int64_t> NpyArray::integers() const {
  return numbers<std::int64_t>(*this);
}

double NpyArray::number() const {
  if (count() != 1) malformed(path, fmt::format("it has {} values where one is needed", count()));
  if (kind != 'U') return numbers<double>(*this)[0];
  std::string text;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t code = 0;
    std::memcpy(&code, bytes.data() + i, 4);
    if (code == 0) break;
    if (code > 127) malformed(path, "its text does not spell a number");
    text += char(code);
  }
  const auto first = text.find_first_not_of(" \t");
  double value = 0;
  const char* const begin = text.data() + (first == std::string::npos ? text.size() : first);
  const auto [end, code] = std::from_chars(begin, text.data() + text.size(), value);
  if (code != std::errc{} || std::string_view(end).find_first_not_of(" \t\n") != std::string_view::npos)
    malformed(path, fmt::format("its text '{}' does not spell a number", text));
  return value;
}

NpyArray read_npy(const fs::path& path) {
  NpyArray array;
  array.path = path;
  std::string file = read_file(path, std::uint64_t{1} << 40);
  if (file.size() < 12 || file.compare(0, 6, "\x93NUMPY", 6) != 0) malformed(path, "it does not start as one");
  const int version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3) malformed(path, fmt::format("format version {} is unknown", version));
  std::uint32_t length = 0;
  std::memcpy(&length, file.data() + 8, version == 1 ? 2 : 4);
  const std::size_t start = (version == 1 ? 10u : 12u) + std::size_t{length};
  if (start > file.size()) malformed(path, "it is cut short");
  const std::string_view header(file.data() + (version == 1 ? 10 : 12), length);
  const auto descr = header_value(header, "descr", path);
  if (descr.size() < 5 || descr[0] != '\'') malformed(path, "its item type is not a plain one");
  const char order = descr[1];
  array.kind = descr[2];
  const auto [end, code] = std::from_chars(descr.data() + 3, descr.data() + descr.size() - 1, array.item_size);
  const bool single_byte = array.item_size == 1 && order == '|';
  if (code != std::errc{} || end != descr.data() + descr.size() - 1 || !(order == '<' || single_byte))
    malformed(path, fmt::format("its item type {} is not supported", descr));
  if (array.kind == 'U') array.item_size *= 4;
  const bool known = (array.kind == 'f' && (array.item_size == 4 || array.item_size == 8)) ||
                     ((array.kind == 'i' || array.kind == 'u') && std::has_single_bit(unsigned(array.item_size)) &&
                      array.item_size <= 8) ||
                     (array.kind == 'b' && array.item_size == 1) ||
                     (array.kind == 'U' && array.item_size > 0 && array.item_size <= 4096);
  if (!known) malformed(path, fmt::format("its item type {} is not supported", descr));
  array.shape = parse_shape(header_value(header, "shape", path), path);
  const bool fortran = header_value(header, "fortran_order", path) == "True";
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(product(array.shape, path), std::int64_t{array.item_size}, &bytes) ||
      std::uint64_t(bytes) != file.size() - start)
    malformed(path, fmt::format("its shape and type do not match its {} data bytes", file.size() - start));
  file.erase(0, start);
  array.bytes = std::move(file);
  if (fortran) to_c_order(array);
  return array;
}

std::vector<std::int64_t> read_npy_shape(const fs::path& path) {
  constexpr std::size_t most = 1 << 16;  // numpy's own headers are shorter
  std::string start(most, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("cannot read {}", path.string()), "check the path");
  file.read(start.data(), std::streamsize(start.size()));
  start.resize(std::size_t(file.gcount()));
  if (start.size() < 12 || !start.starts_with("\x93NUMPY")) malformed(path, "it does not start as one");
  return parse_shape(header_value(std::string_view(start).substr(10), "shape", path), path);
}

namespace {
template <typename T>
void write_array(const fs::path& path, std::string_view descr, std::span<const T> values,
                 std::span<const std::int64_t> shape) {
  PALIMPSEST_REQUIRE(product(shape, path) == std::int64_t(values.size()), "{} values", values.size());
  AtomicFile file(path);
  file.write(header_for(descr, shape));
  file.write(values.data(), values.size_bytes());
  file.commit();
}
}  // namespace

void write_npy(const fs::path& path, std::span<const float> values, std::span<const std::int64_t> shape) {
  write_array(path, "<f4", values, shape);
}
void write_npy(const fs::path& path, std::span<const std::int64_t> values, std::span<const std::int64_t> shape) {
  write_array(path, "<i8", values, shape);
}

NpyWriter::NpyWriter(const fs::path& path, std::span<const std::int64_t> shape)
    : file_(path), remaining_(product(shape, path)) {
  file_.write(header_for("<f4", shape));
}

void NpyWriter::append(std::span<const float> values) {
  remaining_ -= std::int64_t(values.size());
  file_.write(values.data(), values.size_bytes());
}

void NpyWriter::commit() {
  PALIMPSEST_REQUIRE(remaining_ == 0, "{} values too few", remaining_);
  file_.commit();
}

}  // namespace palimpsest
