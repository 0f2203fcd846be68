#pragma once
#include <gtest/gtest.h>

#include <limits>
#include <span>
#include <vector>

#include "cuda/check.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Device memory followed by a guard. Fresh numbers are NaN (whole ones 0), so that unwritten ones are visible.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : count_(count) {
    CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(&data_), (count + kGuard) * sizeof(T)));
    const std::vector<T> fresh(count, std::numeric_limits<T>::quiet_NaN()), guard(kGuard, T{kGuardValue});
    write(0, fresh);
    write(count, guard);
  }
  explicit DeviceArray(std::span<const T> values) : DeviceArray(values.size()) { write(0, values); }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(std::span<const T>(values)) {}
  ~DeviceArray() { ignore(cudaFree(data_)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return data_; }
  // Waits for the device; a broken guard fails the test.
  std::vector<T> download() const {
    std::vector<T> values(count_ + kGuard);
    CUDA_CHECK(cudaDeviceSynchronize());
    CUDA_CHECK(cudaMemcpy(values.data(), data_, values.size() * sizeof(T), cudaMemcpyDeviceToHost));
    for (std::size_t i = count_; i < values.size(); ++i) EXPECT_EQ(values[i], T{kGuardValue}) << "guard " << i - count_;
    values.resize(count_);
    return values;
  }

 private:
  static constexpr std::size_t kGuard = 64;
  static constexpr T kGuardValue = 12345;
  void write(std::size_t first, std::span<const T> values) {
    CUDA_CHECK(cudaMemcpy(data_ + first, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  }

  std::size_t count_;
  T* data_ = nullptr;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
