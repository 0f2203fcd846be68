#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "cuda/bf16_copy.h"
#include "tests/cuda_kernels/device_array.h"
#include "tests/cuda_kernels/gemm_reference.h"

// Running a launcher of cuda/conv2d_implicit_gemm.h on host vectors.
namespace palimpsest::PALIMPSEST_CUDA {

// Precision, tile and parts to run with.
struct Variant {
  Precision precision = Precision::fp32;
  GemmTile tile = GemmTile::automatic;
  int splits = 0;

  std::string name() const {
    const char* const precisions[] = {"fp32", "tf32", "bf16"};
    const char* const tiles[] = {"automatic", "large",    "tall",  "square",   "small",
                                 "narrow",    "few_rows", "plain", "warpgroup"};
    return std::string(precisions[int(precision)]) + " " + tiles[int(tile)] + " " + std::to_string(splits) + " parts";
  }
};

// Those that the GPU supports.
inline std::vector<Precision> precisions() {
  int major = 0;
  CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  if (major < 8) return {Precision::fp32};
  return {Precision::fp32, Precision::tf32, Precision::bf16};
}

inline std::vector<Variant> supported(std::vector<Variant> variants) {
  const auto by = precisions();
  std::erase_if(variants, [&](const Variant& v) { return std::find(by.begin(), by.end(), v.precision) == by.end(); });
  return variants;
}

// Every precision with the automatic tile, and every tile in one part and in three.
inline std::vector<Variant> all_variants(std::initializer_list<GemmTile> tiles) {
  std::vector<Variant> variants;
  for (const Precision precision : precisions()) {
    variants.push_back({precision, GemmTile::automatic, 0});
    for (const GemmTile tile : tiles)
      for (const int splits : {1, 3}) variants.push_back({precision, tile, splits});
  }
  return variants;
}

// Those by warpgroups, in parts by shape, in one and in three; none on a GPU that lacks them.
inline std::vector<Variant> warpgroup_variants() {
  int major = 0, minor = 0;
  CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  CUDA_CHECK(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, 0));
  if (10 * major + minor != 90) return {};
  return {{Precision::bf16, GemmTile::warpgroup, 0},
          {Precision::bf16, GemmTile::warpgroup, 1},
          {Precision::bf16, GemmTile::warpgroup, 3}};
}

// A factor or a result of a product, of rows of columns, with its copy.
class DeviceFactor {
 public:
  DeviceFactor(const std::vector<float>& values, int columns)
      : values_(values), rows_(values.size() / std::size_t(columns)), columns_(columns) {}
  DeviceFactor(std::size_t count, int columns)
      : values_(count), rows_(count / std::size_t(columns)), columns_(columns) {}
  float* get() const { return values_.get(); }
  std::vector<float> download() const { return values_.download(); }
  // With a copy of the current values.
  Factor factor() const {
    bf16_copy(nullptr, get(), rows_, columns_, copy_.get());
    return {get(), copy_.get()};
  }
  // As a result; in bf16 with its copy, if its rows can have one.
  Destination destination(Precision precision) const {
    return {get(), precision == Precision::bf16 && columns_ % 8 == 0 ? copy_.get() : nullptr};
  }
  // What was written there, after comparing the copy with it.
  std::vector<float> result(const Variant& variant, const std::string& what) const {
    const std::vector<float> values = download();
    if (!destination(variant.precision).copy) return values;
    const std::vector<float> expected = reference::rounded(Precision::bf16, values);
    const std::vector<std::uint16_t> copy = copy_.download();
    int wrong = 0;
    for (std::size_t i = 0; i < copy.size(); ++i) {
      const auto copied = std::bit_cast<float>(std::uint32_t{copy[i]} << 16);
      if (copied != expected[i] && !(std::isnan(copied) && std::isnan(expected[i]))) ++wrong;
    }
    EXPECT_EQ(wrong, 0) << what << ", " << variant.name() << ": values of the copy out of " << copy.size();
    return values;
  }

 private:
  DeviceArray<float> values_;
  std::size_t rows_;
  int columns_;
  DeviceArray<std::uint16_t> copy_{copy_bytes(rows_, columns_) / sizeof(std::uint16_t)};
};

// Scratch memory of exactly the requested size, full of NaN, followed by a guard.
class Scratch {
 public:
  Scratch(const ImplicitGemmShape& shape, const Variant& variant)
      : bytes_(implicit_gemm_scratch_bytes(shape, variant.tile, variant.splits)), memory_((bytes_ + 3) / 4) {
    run_ = {nullptr, memory_.get(), bytes_, variant.precision, variant.tile, variant.splits};
  }
  const GemmRun& run() const { return run_; }
  void expect_guarded() const { memory_.download(); }

 private:
  std::size_t bytes_;
  DeviceArray<float> memory_;
  GemmRun run_;
};

// Exactly equal; NaN fails, and so does a result that is zero throughout where the expected one is not.
template <class Expected>
void expect_equal(const std::vector<float>& got, const std::vector<Expected>& expected, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  int wrong = 0;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!(double(got[i]) == double(expected[i])) && ++wrong <= 3)
      ADD_FAILURE() << what << "[" << i << "]: " << got[i] << ", expected " << expected[i];
  EXPECT_EQ(wrong, 0) << what << ": values out of " << got.size();
}

// Bit by bit, NaN included.
inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
