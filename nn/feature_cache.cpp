#include "nn/feature_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "nn/batch_upload.h"
#include "nn/inference.h"

namespace palimpsest::nn {

namespace {
constexpr int kMostImages = 1 << 24;  // that Device::take_images can count
}

std::uint64_t FeatureCache::bytes(const Network& network, int examples, bool flips) {
  return std::uint64_t(network.architecture().features()) * sizeof(float) * std::uint64_t(examples) * (flips ? 2 : 1);
}

FeatureCache::FeatureCache(Network& network, std::shared_ptr<const data::Examples> examples,
                           const Normalisation& normalisation, bool flips, int batch,
                           const std::filesystem::path& folder)
    : values_(std::size_t(network.architecture().features())),
      examples_(examples->count()),
      flips_(flips),
      bytes_(bytes(network, examples_, flips)) {
  Device& device = network.device();
  const Architecture& of = network.architecture();
  const Shape all{examples_ * (flips ? 2 : 1), of.channels.back(), of.feature_side(), of.feature_side()};
  if (device.bytes(all, Layout::activation) <= device.free_bytes() / 2 && all.n <= kMostImages)
    table_ = device.make(all, Layout::activation);
  else
    map_file(folder);
  try {
    fill(network, std::move(examples), normalisation, batch);
  } catch (...) {
    unmap();
    throw;
  }
}

void FeatureCache::map_file(const std::filesystem::path& folder) {
  require_free_space(folder, bytes_, "keeping block-5 features");
  std::string name = (folder / "features.tmp.XXXXXX").string();
  const int file = ::mkstemp(name.data());
  if (file < 0) throw Error(fmt::format("cannot write {}: {}", name, std::strerror(errno)), "choose a writable folder");
  ::unlink(name.c_str());
  const int error = ::posix_fallocate(file, 0, off_t(bytes_));
  void* mapped = error ? MAP_FAILED : ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (mapped == MAP_FAILED)
    throw Error(fmt::format("{:.1f} MB of block-5 features cannot be kept in {}: {}", double(bytes_) / 1e6,
                            folder.string(), std::strerror(error ? error : errno)),
                "free some disk space, or give a smaller --cache-limit so that they are recomputed each time");
  data_ = static_cast<float*>(mapped);
}

void FeatureCache::unmap() {
  if (data_) ::munmap(data_, bytes_);
}

FeatureCache::~FeatureCache() {
  unmap();
}

std::span<float> FeatureCache::slot(int index, bool flipped) const {
  return {data_ + std::size_t(image(index, flipped)) * values_, values_};
}
std::span<const float> FeatureCache::features(int index, bool flipped) const {
  return slot(index, flipped);
}

namespace {
void mirror(data::Batch& batch) {
  for (auto& map : batch.maps) map.flip = !map.flip;
  const auto width = std::size_t(batch.width);
  for (std::size_t row = 0; row < batch.images.size(); row += width)
    std::reverse(batch.images.begin() + std::ptrdiff_t(row), batch.images.begin() + std::ptrdiff_t(row + width));
}
}  // namespace

void FeatureCache::fill(Network& network, std::shared_ptr<const data::Examples> examples,
                        const Normalisation& normalisation, int size) {
  Trace trace;
  std::vector<float> features;
  for_each_batch(std::move(examples), size, normalisation, "Block-5 features", [&](data::Batch& batch, int first) {
    for (const bool flipped : {false, true}) {
      if (flipped && !flips_) break;
      if (flipped) mirror(batch);
      if (trace.n != batch.count) trace = network.make_trace(batch.count, kBlocks);
      upload_images(network.device(), batch, trace.input());
      network.forward_blocks(trace);
      if (on_device()) {
        network.device().put_images(trace.features(), table_, image(first, flipped));
        continue;
      }
      features.resize(std::size_t(batch.count) * values_);
      network.device().download(trace.features(), features);
      for (int i = 0; i < batch.count; ++i)
        std::copy_n(features.begin() + std::ptrdiff_t(std::size_t(i) * values_), values_,
                    slot(batch.indices[std::size_t(i)], flipped).begin());
    }
  });
}

}  // namespace palimpsest::nn
