#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "data/loader.h"
#include "nn/network.h"

namespace palimpsest::nn {

// Block-5 features of every example, and of its mirror image, when all blocks are frozen: they never change, so they
// are computed once. They are kept in the device's own memory if they take at most half of what is free there, else in
// an unlinked file (which disappears with the process), mapped into memory, so that the operating system decides how
// much of it stays resident.
class FeatureCache {
 public:
  // Bytes for `examples` examples of a network; `flips`: with mirror images.
  static std::uint64_t bytes(const Network& network, int examples, bool flips);

  // Throws Error when the disk of `folder` lacks the space.
  FeatureCache(Network& network, std::shared_ptr<const data::Examples> examples, const Normalisation& normalisation,
               bool flips, int batch, const std::filesystem::path& folder);
  ~FeatureCache();
  FeatureCache(const FeatureCache&) = delete;
  FeatureCache& operator=(const FeatureCache&) = delete;

  bool on_device() const { return !table_.empty(); }
  // requires: on_device()
  const Tensor& table() const { return table_; }  // activation of one image for each example, then their mirror images
  int image(int index, bool flipped) const { return flipped ? examples_ + index : index; }
  // requires: !on_device()
  std::span<const float> features(int index, bool flipped) const;  // canonical order (c, side, side)

 private:
  std::span<float> slot(int index, bool flipped) const;
  void map_file(const std::filesystem::path& folder);
  void unmap();
  void fill(Network& network, std::shared_ptr<const data::Examples> examples, const Normalisation& normalisation,
            int batch);
  std::size_t values_;
  int examples_;
  bool flips_;
  std::uint64_t bytes_;
  Tensor table_;
  float* data_ = nullptr;  // of the file
};

}  // namespace palimpsest::nn
