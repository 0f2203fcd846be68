#include "nn/pytorch_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <fstream>

#include "base/dtype.h"
#include "base/error.h"
#include "base/excerpt.h"
#include "nn/pytorch_checkpoint.h"

namespace palimpsest::nn {

static_assert(std::endian::native == std::endian::little, "elements are converted from little endian");

namespace {

// An expanded tensor may repeat its values; VGG16's largest layer has 103 million.
constexpr std::int64_t kMostExpanded = std::int64_t{1} << 27;

bool is_zip(const fs::path& path) {
  std::array<char, 2> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  return start[0] == 'P' && start[1] == 'K';
}

bool row_major(const PytorchTensor& tensor) {
  std::int64_t stride = 1;
  for (std::size_t axis = tensor.sizes.size(); axis-- > 0;) {
    if (tensor.sizes[axis] != 1 && tensor.strides[axis] != stride) return false;
    stride *= tensor.sizes[axis];
  }
  return true;
}

// to[i] in row-major order from the places that the strides give.
void gather(const PytorchTensor& tensor, std::span<const float> from, std::span<float> to) {
  std::vector<std::int64_t> index(tensor.sizes.size(), 0);
  std::int64_t at = 0;
  for (float& value : to) {
    value = from[std::size_t(at)];
    for (std::size_t axis = index.size(); axis-- > 0;) {
      at += tensor.strides[axis];
      if (++index[axis] < tensor.sizes[axis]) break;
      at -= tensor.strides[axis] * tensor.sizes[axis];
      index[axis] = 0;
    }
  }
}

void swap_bytes(std::span<char> bytes, std::size_t item) {
  for (std::size_t at = 0; at < bytes.size(); at += item)
    std::reverse(bytes.begin() + std::ptrdiff_t(at), bytes.begin() + std::ptrdiff_t(at + item));
}

}  // namespace

PytorchFile::PytorchFile(fs::path path) : path_(std::move(path)) {
  PytorchArchive archive = is_zip(path_) ? open_pytorch_zip(path_) : open_pytorch_legacy(path_);
  storages_ = std::move(archive.storages);
  PytorchCheckpoint weights = find_weights(archive.object, path_);
  for (const auto& [name, id] : weights.tensors) add(name, archive.object, id);
  if (!weights.classes.empty()) metadata_["classes"] = std::move(weights.classes);
  changes_ = std::move(weights.changes);
}

void PytorchFile::add(const std::string& name, const Pickle& object, Pickle::Id id) {
  auto tensor = tensor_of(object, object.at(id));
  if (!tensor) unusable_pytorch(path_, fmt::format("its tensor {} is malformed", excerpt(name)));
  Entry entry{{tensor->dtype, tensor->sizes}, std::move(*tensor), -1};
  require_inside(name, entry);
  tensors_.emplace(name, std::move(entry));
  names_.push_back(name);
}

void PytorchFile::require_inside(const std::string& name, Entry& entry) const {
  const auto require = [&](bool holds, const char* why) {
    if (!holds) unusable_pytorch(path_, fmt::format("its tensor {} {}", excerpt(name), why));
  };
  PytorchTensor& tensor = entry.tensor;
  std::int64_t count = 1, last = 0, end = 0, available = 0, stored = 0;
  bool overflow = false;
  for (const auto size : tensor.sizes) {
    require(size >= 0, "has a size below 0");
    overflow = overflow || __builtin_mul_overflow(count, size, &count);
  }
  require(!overflow, "has more values than can be counted");
  const std::int64_t item = dtype_bytes(tensor.dtype);
  if (!tensor.dense || item == 0) return;  // it is listed, and refused when it is read

  require(tensor.strides.size() == tensor.sizes.size(), "has another number of strides than of sizes");
  require(tensor.offset >= 0 && std::ranges::all_of(tensor.strides, [](auto stride) { return stride >= 0; }),
          "has an offset or a stride below 0");
  const PytorchStorage& storage = tensor.storage;
  overflow = __builtin_mul_overflow(storage.count, std::int64_t{storage.item}, &stored) ||
             __builtin_mul_overflow(storage.viewed, std::int64_t{storage.item}, &available);
  require(!overflow && std::uint64_t(stored) == storages_->bytes_of(storage.key),
          "views a storage of another size than the file has");
  if (count == 0) return;
  for (std::size_t axis = 0; axis < tensor.sizes.size(); ++axis) {
    if (tensor.sizes[axis] == 1) tensor.strides[axis] = 0;  // without effect, and may be anything
    std::int64_t reach = 0;
    overflow = overflow || __builtin_mul_overflow(tensor.sizes[axis] - 1, tensor.strides[axis], &reach) ||
               __builtin_add_overflow(last, reach, &last);
  }
  overflow = overflow || __builtin_add_overflow(last, tensor.offset, &end) || __builtin_add_overflow(end, 1, &end) ||
             __builtin_mul_overflow(end, item, &end);
  require(!overflow && end <= available, "reaches beyond its storage");
  entry.last = last;
}

const PytorchFile::Entry& PytorchFile::find(const std::string& name) const {
  const auto at = tensors_.find(name);
  if (at == tensors_.end())
    throw Error(fmt::format("{} has no {}", path_.string(), name), "palimpsest weights FILE lists what it has");
  return at->second;
}

const TensorInfo& PytorchFile::info(const std::string& name) const {
  return find(name).info;
}

// `count` elements of the tensor's storage, from its first.
std::vector<float> PytorchFile::stretch(const PytorchTensor& tensor, std::int64_t count) const {
  const auto item = std::uint64_t(dtype_bytes(tensor.dtype));
  const auto to_floats = floats_from(tensor.dtype);
  const bool swap = storages_->big_endian() && item > 1;
  std::vector<float> values(static_cast<std::size_t>(count));
  std::size_t done = 0;
  storages_->read(
      tensor.storage.key,
      std::uint64_t(tensor.storage.begin) * std::uint64_t(tensor.storage.item) + std::uint64_t(tensor.offset) * item,
      std::uint64_t(count) * item, [&](std::span<char> bytes) {
        if (swap) swap_bytes(bytes, std::size_t(item));
        const auto part = std::span(values).subspan(done, bytes.size() / std::size_t(item));
        to_floats(bytes.data(), part);
        done += part.size();
      });
  return values;
}

std::vector<float> PytorchFile::read_floats(const std::string& name) const {
  const Entry& entry = find(name);
  const PytorchTensor& tensor = entry.tensor;
  if (!tensor.dense || !floats_from(tensor.dtype))
    throw Error(fmt::format("{}: tensor '{}' has the type {}, which cannot be read as float32", path_.string(),
                            excerpt(name), tensor.dtype),
                "save the weights as F32, F16 or BF16");
  const std::int64_t count = entry.info.count();
  if (count == 0) return {};
  if (count > entry.last + 1 && count > kMostExpanded)
    unusable_pytorch(path_,
                     fmt::format("its tensor {} repeats {} values to make {}", excerpt(name), entry.last + 1, count));
  auto values = stretch(tensor, entry.last + 1);
  if (row_major(tensor)) return values;
  std::vector<float> gathered(static_cast<std::size_t>(count));
  gather(tensor, values, gathered);
  return gathered;
}

}  // namespace palimpsest::nn
