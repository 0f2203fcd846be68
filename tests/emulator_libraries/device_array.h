#pragma once
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

template <class Value>  // Value: of a random 32 bits
std::vector<float> values_of(std::size_t count, std::uint32_t seed, const Value& value) {
  std::vector<float> values(count);
  std::uint32_t state = seed * 2654435761u + 1;
  for (float& v : values) v = value(state = state * 1664525u + 1013904223u);
  return values;
}

// Small integers over a power of two: products and sums of them are exact in float32 and TF32 alike as long as they
// stay below 2^24, so that results can be compared for equality.
inline std::vector<float> exact_values(std::size_t count, std::uint32_t seed) {
  return values_of(count, seed, [](std::uint32_t bits) { return float(int(bits >> 24) % 9 - 4) / 4; });
}

// Values with all 24 bits of mantissa in use, of size about 1.
inline std::vector<float> full_values(std::size_t count, std::uint32_t seed) {
  return values_of(count, seed, [](std::uint32_t bits) { return float(std::int32_t(bits)) / 2147483648.0f; });
}

inline std::vector<float> to_float(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : count_(count) {
    EXPECT_EQ(cudaMalloc(&data_, count * sizeof(float)), cudaSuccess);
  }
  explicit DeviceArray(const std::vector<float>& values) : DeviceArray(values.size()) { set(values); }
  ~DeviceArray() { EXPECT_EQ(cudaFree(data_), cudaSuccess); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  void set(const std::vector<float>& values) {
    ASSERT_EQ(values.size(), count_);
    ASSERT_EQ(cudaMemcpy(data_, values.data(), count_ * sizeof(float), cudaMemcpyHostToDevice), cudaSuccess);
  }
  std::vector<float> get() const {
    std::vector<float> values(count_);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(values.data(), data_, count_ * sizeof(float), cudaMemcpyDeviceToHost), cudaSuccess);
    return values;
  }
  float* data() const { return data_; }
  std::size_t bytes() const { return count_ * sizeof(float); }

 private:
  std::size_t count_;
  float* data_ = nullptr;
};
