#include "base/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file_kind.h"
#include "base/half.h"
#include "base/npz.h"
#include "base/progress.h"

namespace palimpsest {

static_assert(std::endian::native == std::endian::little, "array files are little endian");

namespace {

[[noreturn]] void malformed(const fs::path& path, const std::string& why,
                            const std::string& remedy = "write it again with numpy.save (numbers or text)") {
  throw Error(fmt::format("{} is not a usable .npy file: {}", path.string(), why), remedy);
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
To converted(const NpyArray& array, From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (!(std::abs(value) < 9e15) || value != std::floor(value))
      throw Error(fmt::format("{} has the value {}, but a whole number is needed", array.path.string(), value),
                  "save it as int64");
  }
  if constexpr (std::is_same_v<From, std::uint64_t> && std::is_integral_v<To>) {
    if (!std::in_range<To>(value))
      throw Error(fmt::format("{} has the value {}, which is too large", array.path.string(), value),
                  "save it as int64");
  }
  return static_cast<To>(value);
}

template <typename To, typename From>
std::vector<To> converted(const NpyArray& array) {
  std::vector<To> to(std::size_t(array.count()));
  for (std::size_t i = 0; i < to.size(); ++i) {
    From value;
    std::memcpy(&value, array.bytes.data() + i * sizeof(From), sizeof(From));
    to[i] = converted<To>(array, value);
  }
  return to;
}

template <typename To>
std::vector<To> from_halves(const NpyArray& array) {
  std::vector<To> to(std::size_t(array.count()));
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, array.bytes.data() + 2 * i, 2);
    to[i] = converted<To>(array, from_half(half));
  }
  return to;
}

template <typename To>
std::vector<To> numbers(const NpyArray& array) {
  const auto holds = [&](char kind, int size) { return array.kind == kind && array.item_size == size; };
  if (holds('f', 2)) return from_halves<To>(array);
  if (holds('f', 4)) return converted<To, float>(array);
  if (holds('f', 8)) return converted<To, double>(array);
  if (holds('b', 1) || holds('u', 1)) return converted<To, std::uint8_t>(array);
  if (holds('u', 2)) return converted<To, std::uint16_t>(array);
  if (holds('u', 4)) return converted<To, std::uint32_t>(array);
  if (holds('u', 8)) return converted<To, std::uint64_t>(array);
  if (holds('i', 1)) return converted<To, std::int8_t>(array);
  if (holds('i', 2)) return converted<To, std::int16_t>(array);
  if (holds('i', 4)) return converted<To, std::int32_t>(array);
  if (holds('i', 8)) return converted<To, std::int64_t>(array);
  throw Error(array.path.string() + " holds text, but numbers are needed", "save it as float32 or int64");
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

std::vector<double> NpyArray::doubles() const {
  return numbers<double>(*this);
}

std::string NpyArray::text() const {
  PALIMPSEST_REQUIRE(is_text(), "{}", path.string());
  if (count() != 1) malformed(path, fmt::format("it has {} values, but one is needed", count()));
  std::string text;
  const std::size_t step = kind == 'U' ? 4 : 1;
  for (std::size_t i = 0; i + step <= bytes.size(); i += step) {
    std::uint32_t code = 0;
    std::memcpy(&code, bytes.data() + i, step);
    if (code == 0) break;
    if (code > 127) malformed(path, "its text is not plain ASCII");
    text += char(code);
  }
  return text;
}

double NpyArray::number() const {
  if (count() != 1) malformed(path, fmt::format("it has {} values, but one is needed", count()));
  if (!is_text()) return doubles()[0];
  const std::string text = this->text();
  const auto first = text.find_first_not_of(" \t");
  double value = 0;
  const char* const begin = text.data() + (first == std::string::npos ? text.size() : first);
  const auto [end, code] = std::from_chars(begin, text.data() + text.size(), value);
  if (code != std::errc{} || std::string_view(end).find_first_not_of(" \t\n") != std::string_view::npos)
    malformed(path, fmt::format("its text '{}' does not spell a number", text));
  return value;
}

namespace {

struct RefusedType {
  char kind;
  std::string_view what;
  const char* remedy;
};

constexpr const char* as_float = "save it with x.astype('float32')";
constexpr std::array refused_types{
    RefusedType{'O', "pickled Python objects, which are never executed",
                "save it as an array of numbers; rows of unequal length become an array of objects"},
    RefusedType{'[', "a structured array", "save one of its fields as a separate array"},
    RefusedType{'c', "complex numbers", "save its real part, or its absolute value"},
    RefusedType{'M', "dates or times", "save it as numbers"},
    RefusedType{'m', "dates or times", "save it as numbers"},
    RefusedType{'f', "floats of a size other than 16, 32 or 64 bits", as_float},
    RefusedType{'V', "raw bytes, as numpy saves bfloat16 and structures", as_float},
};

[[noreturn]] void refuse_type(const fs::path& path, std::string_view descr) {
  const char kind = descr.starts_with('[') ? '[' : descr.size() > 2 ? descr[2] : '?';
  const auto* const known =
      std::find_if(refused_types.begin(), refused_types.end(), [&](const auto& type) { return type.kind == kind; });
  const bool found = known != refused_types.end();
  const std::string type = descr.starts_with('[') ? "" : fmt::format(" (item type {})", descr.substr(0, 60));
  malformed(path, fmt::format("it holds {}{}", found ? known->what : "items of an unknown type", type),
            found ? known->remedy : as_float);
}

// numpy's item type, for instance '<f4'. Returns whether the items are big endian.
bool take_type(NpyArray& array, std::string_view descr) {
  if (descr.size() < 5 || descr[0] != '\'') refuse_type(array.path, descr);
  const char order = descr[1];
  array.kind = descr[2];
  const char* const last = descr.data() + descr.size() - 1;
  const auto [end, code] = std::from_chars(descr.data() + 3, last, array.item_size);
  if (code != std::errc{} || end != last) refuse_type(array.path, descr);
  const auto size = array.item_size;
  const bool bytes = array.kind == 'S' || size == 1;
  if (order != '<' && order != '>' && order != '=' && !(order == '|' && bytes)) refuse_type(array.path, descr);
  const bool known =
      (array.kind == 'f' && (size == 2 || size == 4 || size == 8)) ||
      ((array.kind == 'i' || array.kind == 'u') && size > 0 && size <= 8 && std::has_single_bit(unsigned(size))) ||
      (array.kind == 'b' && size == 1) || (array.is_text() && size > 0 && size <= 1024);
  if (!known) refuse_type(array.path, descr);
  if (array.kind == 'U') array.item_size *= 4;
  return order == '>' && !bytes;
}

void to_little_endian(NpyArray& array) {
  const std::size_t word = array.kind == 'U' ? 4 : std::size_t(array.item_size);
  for (std::size_t at = 0; at + word <= array.bytes.size(); at += word)
    std::reverse(array.bytes.begin() + std::ptrdiff_t(at), array.bytes.begin() + std::ptrdiff_t(at + word));
}

std::string stored_as(const NpyArray& array, bool big_endian, bool fortran) {
  std::string type;
  if (array.kind == 'f')
    type = fmt::format("float{}", 8 * array.item_size);
  else if (array.kind == 'i' || array.kind == 'u')
    type = fmt::format("{}int{}", array.kind == 'u' ? "u" : "", 8 * array.item_size);
  else
    type = array.kind == 'b' ? "bool" : "text";
  return fmt::format("{}{}{}", big_endian ? "big-endian " : "", type, fortran ? " in Fortran order" : "");
}

// Throws unless the file starts like numpy's. Returns the header and sets where the values start.
std::string_view header_of(std::string_view file, const fs::path& path, std::size_t& start) {
  if (file.size() < 12 || !file.starts_with("\x93NUMPY")) {
    if (file.empty()) malformed(path, "it is empty");
    const FileKind kind = file_kind(file);
    if (kind.known() && !kind.name.starts_with("a NumPy"))
      malformed(path, fmt::format("it is {}", kind.name),
                kind.remedy.empty() ? "save an array with numpy.save" : std::string(kind.remedy));
    malformed(path, "it does not start as one");
  }
  const int version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3) malformed(path, fmt::format("format version {} is unknown", version));
  std::uint32_t length = 0;
  const std::size_t begin = version == 1 ? 10 : 12;
  std::memcpy(&length, file.data() + 8, begin - 8);
  start = begin + length;
  if (start > file.size()) malformed(path, "it is cut short");
  return file.substr(begin, length);
}

// What a file's header says, and where the values start.
struct Header {
  NpyArray array;
  std::size_t start = 0;
  bool big_endian = false, fortran = false;
};

// `start`: the file's first bytes, or all of it. Throws unless the header asks for a file of `size` bytes.
Header read_header(std::string_view start, std::uint64_t size, const fs::path& path) {
  Header header;
  NpyArray& array = header.array;
  array.path = path;
  const std::string_view text = header_of(start, path, header.start);
  header.big_endian = take_type(array, header_value(text, "descr", path));
  array.shape = parse_shape(header_value(text, "shape", path), path);
  header.fortran = header_value(text, "fortran_order", path) == "True" && array.shape.size() > 1;
  array.stored = stored_as(array, header.big_endian, header.fortran);
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(product(array.shape, path), std::int64_t{array.item_size}, &bytes) ||
      std::uint64_t(bytes) != size - header.start)
    malformed(path,
              fmt::format("its shape ({}) and type do not match its {} data bytes", fmt::join(array.shape, ", "),
                          size - header.start),
              "it may be cut short: copy it again, or write it again with numpy.save");
  return header;
}

NpyArray decoded(std::string file, const fs::path& path) {
  Header header = read_header(file, file.size(), path);
  file.erase(0, header.start);
  NpyArray& array = header.array;
  array.bytes = std::move(file);
  if (header.big_endian) to_little_endian(array);
  if (header.fortran) to_c_order(array);
  return std::move(array);
}

}  // namespace

NpyArray read_npy(const fs::path& path) {
  std::error_code code;
  if (fs::is_directory(path, code))
    throw Error(fmt::format("{} is a folder, but a .npy file is needed", path.string()), "name a file in it");
  const auto [file, member] = parse_array_name(path);
  if (member.empty() && !is_npz(file)) return decoded(read_file(path, std::uint64_t{1} << 40), path);
  const NpzArchive archive(file);
  const std::string& name = member.empty() ? archive.only_member() : member;
  const fs::path whole = archive.name_of(name);
  return decoded(
      archive.read(name, [&](std::string_view start, std::uint64_t size) { read_header(start, size, whole); }), whole);
}

std::vector<float> floats_and_remark(const NpyArray& array) {
  auto values = array.floats();
  if (array.stored != "float32")
    remark(fmt::format("{} holds {}, which is read as float32", array.path.string(), array.stored));
  return values;
}

std::vector<std::int64_t> integers_and_remark(const NpyArray& array) {
  auto values = array.integers();
  if (array.kind == 'f')
    remark(fmt::format("{} holds {}, all whole numbers, which is read as int64", array.path.string(), array.stored));
  return values;
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
