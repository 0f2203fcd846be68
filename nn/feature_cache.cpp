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

std::uint64_t FeatureCache::bytes(const Network& network, int examples, bool flips) {
  return std::uint64_t(network.architecture().features()) * sizeof(float) * std::uint64_t(examples) * (flips ? 2 : 1);
}

FeatureCache::FeatureCache(Network& network, std::shared_ptr<const data::Examples> examples,
                           const Normalisation& normalisation, bool flips, int batch,
                           const std::filesystem::path& folder)
    : values_(std::size_t(network.architecture().features())),
      flips_(flips),
      bytes_(bytes(network, examples->count(), flips)) {
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
  try {
    fill(network, std::move(examples), normalisation, batch);
  } catch (...) {
    ::munmap(data_, bytes_);
    throw;
  }
}

FeatureCache::~FeatureCache() {
  ::munmap(data_, bytes_);
}

std::span<float> FeatureCache::slot(int index, bool flipped) const {
  const auto at = flips_ ? 2 * std::size_t(index) + (flipped ? 1 : 0) : std::size_t(index);
  return {data_ + at * values_, values_};
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
  for_each_batch(std::move(examples), size, normalisation, "Block-5 features", [&](data::Batch& batch, int /*first*/) {
    for (const bool flipped : {false, true}) {
      if (flipped && !flips_) break;
      if (flipped) mirror(batch);
      if (trace.n != batch.count) trace = network.make_trace(batch.count, kBlocks);
      upload_images(network.device(), batch, trace.input());
      network.forward_blocks(trace);
      features.resize(std::size_t(batch.count) * values_);
      network.device().download(trace.features(), features);
      for (int i = 0; i < batch.count; ++i)
        std::copy_n(features.begin() + std::ptrdiff_t(std::size_t(i) * values_), values_,
                    slot(batch.indices[std::size_t(i)], flipped).begin());
    }
  });
}

}  // namespace palimpsest::nn
