#include "base/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/dtype.h"
#include "base/error.h"

namespace palimpsest {

static_assert(std::endian::native == std::endian::little, "safetensors files are little endian");

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t header_limit = 100'000'000;  // as in the format's reference implementation

// Rejects what a JSON parser would accept: duplicate keys (the later one would silently win) and deep nesting.
class HeaderGuard {
 public:
  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    if (depth > 4) problem_ = "its header is nested too deeply";
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key && !keys_.back().insert(value.get<std::string>()).second)
      problem_ = fmt::format("its header has the key '{}' twice", value.get<std::string>());
    return true;
  }
  const std::string& problem() const { return problem_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

bool natural(const Json& value) {
  return value.is_number_unsigned();
}

}  // namespace

std::int64_t TensorInfo::count() const {
  std::int64_t n = 1;
  for (const auto extent : shape) n *= extent;  // the reader has checked that this does not overflow
  return n;
}

SafetensorsFile::SafetensorsFile(fs::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0)
    throw Error(fmt::format("cannot read {}: {}", path_.string(), std::strerror(errno)), "check the path");
  try {
    read_header();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

SafetensorsFile::~SafetensorsFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

SafetensorsFile::SafetensorsFile(SafetensorsFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      names_(std::move(other.names_)),
      tensors_(std::move(other.tensors_)),
      metadata_(std::move(other.metadata_)) {}

SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(names_, other.names_);
  std::swap(tensors_, other.tensors_);
  std::swap(metadata_, other.metadata_);
  return *this;
}

void SafetensorsFile::malformed(const std::string& why) const {
  throw Error(fmt::format("{} is not a usable safetensors file: {}", path_.string(), why),
              "copy or download it again, or write it again with safetensors' save_file");
}

void SafetensorsFile::read_header() {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) malformed("it is not a regular file");
  const auto size = std::uint64_t(status.st_size);
  std::uint64_t length = 0;
  if (size < 8 + 2) malformed("it is too short to hold a header");
  read_bytes(&length, 8, 0);
  if (length > header_limit) malformed(fmt::format("its header claims {} bytes", length));
  if (length > size - 8) malformed("it is cut short inside the header");
  std::string text(length, '\0');
  read_bytes(text.data(), length, 8);
  if (!text.starts_with('{')) malformed("its header does not start with '{'");

  HeaderGuard guard;
  const Json header = Json::parse(text, std::ref(guard), /*allow_exceptions=*/false);
  if (header.is_discarded()) malformed("its header is not valid JSON");
  if (!guard.problem().empty()) malformed(guard.problem());
  std::map<std::string, std::uint64_t> ends;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) malformed("its __metadata__ is not an object");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) malformed(fmt::format("its metadata '{}' is not text", key));
        metadata_[key] = value.get<std::string>();
      }
      continue;
    }
    const bool complete = entry.is_object() && entry.contains("dtype") && entry["dtype"].is_string() &&
                          entry.contains("shape") && entry["shape"].is_array() && entry.contains("data_offsets") &&
                          entry["data_offsets"].is_array() && entry["data_offsets"].size() == 2;
    if (!complete) malformed(fmt::format("tensor '{}' lacks dtype, shape or data_offsets", name));
    const auto& offsets = entry["data_offsets"];
    if (!std::all_of(offsets.begin(), offsets.end(), natural) ||
        !std::all_of(entry["shape"].begin(), entry["shape"].end(), natural))
      malformed(fmt::format("tensor '{}' has a shape or offset that is not a whole number from 0 up", name));
    TensorInfo info{entry["dtype"].get<std::string>(), entry["shape"].get<std::vector<std::int64_t>>()};
    const auto end = offsets[1].get<std::uint64_t>();
    add_tensor(name, {std::move(info), offsets[0].get<std::uint64_t>()}, end);
    ends[name] = end;
    names_.push_back(name);
  }

  // In the order of their data the tensors must tile it: no overlap, no gap, nothing left over.
  std::sort(names_.begin(), names_.end(), [&](const std::string& a, const std::string& b) {
    return std::tuple(tensors_[a].begin, ends[a], a) < std::tuple(tensors_[b].begin, ends[b], b);
  });
  std::uint64_t filled = 0;
  for (const auto& name : names_) {
    Tensor& tensor = tensors_[name];
    if (tensor.begin != filled)
      malformed(
          fmt::format("tensor '{}' begins at byte {} of the data, but {} is expected", name, tensor.begin, filled));
    filled = ends[name];
    tensor.begin += 8 + length;
  }
  if (filled != size - 8 - length)
    malformed(fmt::format("its tensors fill {} bytes, but {} follow the header", filled, size - 8 - length));
}

void SafetensorsFile::add_tensor(const std::string& name, Tensor tensor, std::uint64_t end) {
  const int item = dtype_bytes(tensor.info.dtype);
  std::uint64_t bytes = std::uint64_t(item);
  bool overflow = false;
  std::int64_t count = 1;
  for (const auto extent : tensor.info.shape) {
    overflow = overflow || extent < 0 || __builtin_mul_overflow(count, extent, &count);
  }
  overflow = overflow || __builtin_mul_overflow(bytes, std::uint64_t(count), &bytes);
  const bool sized = item != 0;  // for an unknown type the offsets are trusted
  if (overflow || end < tensor.begin || (sized && end - tensor.begin != bytes))
    malformed(fmt::format("the shape of tensor '{}' does not match its bytes", name));
  tensors_[name] = std::move(tensor);
}

const SafetensorsFile::Tensor& SafetensorsFile::find(const std::string& name) const {
  const auto at = tensors_.find(name);
  if (at != tensors_.end()) return at->second;
  const auto shown = std::span(names_).first(std::min<std::size_t>(names_.size(), 4));
  throw Error(fmt::format("{} has no tensor '{}'", path_.string(), name),
              fmt::format("use weights of the right model; this file has {} tensors, {}{}", names_.size(),
                          fmt::join(shown, ", "), names_.size() > shown.size() ? ", ..." : ""));
}

const TensorInfo& SafetensorsFile::info(const std::string& name) const {
  return find(name).info;
}

void SafetensorsFile::read_bytes(void* to, std::uint64_t bytes, std::uint64_t from) const {
  auto* at = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, at, std::min<std::uint64_t>(bytes, 1U << 30), off_t(from));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(fmt::format("cannot read {}: {}", path_.string(), std::strerror(errno)), "check the disk");
    if (got == 0) malformed("it became shorter while it was being read");
    at += got;
    from += std::uint64_t(got);
    bytes -= std::uint64_t(got);
  }
}

std::vector<float> SafetensorsFile::read_floats(const std::string& name) const {
  std::vector<float> values(std::size_t(info(name).count()));
  read_into(name, values);
  return values;
}

void SafetensorsFile::read_into(const std::string& name, std::span<float> values) const {
  const Tensor& tensor = find(name);
  PALIMPSEST_REQUIRE(std::int64_t(values.size()) == tensor.info.count(), "tensor '{}' has {} values, not {}", name,
                     tensor.info.count(), values.size());
  if (tensor.info.dtype == "F32") return read_bytes(values.data(), values.size_bytes(), tensor.begin);
  const ToFloats to_floats = floats_from(tensor.info.dtype);
  if (!to_floats)
    throw Error(fmt::format("{}: tensor '{}' has the type {}, which cannot be read as float32", path_.string(), name,
                            tensor.info.dtype),
                "save the weights as F32, F16 or BF16");
  constexpr std::size_t block = 1 << 16;
  const auto item = std::size_t(dtype_bytes(tensor.info.dtype));
  std::vector<char> bytes(std::min(block, values.size()) * item);
  for (std::size_t done = 0; done < values.size(); done += block) {
    const auto part = values.subspan(done, std::min(block, values.size() - done));
    read_bytes(bytes.data(), part.size() * item, tensor.begin + done * item);
    to_floats(bytes.data(), part);
  }
}

SafetensorsWriter::SafetensorsWriter(const fs::path& path, std::span<const Declaration> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : file_(path) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::int64_t offset = 0;
  for (const auto& [name, shape] : tensors) {
    PALIMPSEST_REQUIRE(name != "__metadata__" && !header.contains(name), "tensor name '{}'", name);
    std::int64_t count = 1;
    for (const auto extent : shape) {
      PALIMPSEST_REQUIRE(extent >= 0 && !__builtin_mul_overflow(count, extent, &count), "shape of '{}'", name);
    }
    const std::int64_t end = offset + 4 * count;
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {offset, end}}};
    offset = end;
    remaining_.emplace_back(name, count);
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);  // metadata may not be UTF-8
  text.append((8 - text.size() % 8) % 8, ' ');  // keeps the data aligned for readers that map the file
  const std::uint64_t length = text.size();
  file_.write(&length, sizeof length);
  file_.write(text);
  skip_complete();
}

void SafetensorsWriter::skip_complete() {
  while (current_ < remaining_.size() && remaining_[current_].second == 0) ++current_;
}

void SafetensorsWriter::append(std::span<const float> values) {
  if (values.empty()) return;
  PALIMPSEST_REQUIRE(current_ < remaining_.size(), "{} values after the last tensor", values.size());
  auto& [name, left] = remaining_[current_];
  PALIMPSEST_REQUIRE(std::int64_t(values.size()) <= left, "{} values, but '{}' takes {} more", values.size(), name,
                     left);
  file_.write(values.data(), values.size_bytes());
  left -= std::int64_t(values.size());
  skip_complete();
}

void SafetensorsWriter::commit() {
  PALIMPSEST_REQUIRE(current_ == remaining_.size(), "tensor '{}' lacks {} values", remaining_[current_].first,
                     remaining_[current_].second);
  file_.commit();
}

}  // namespace palimpsest
