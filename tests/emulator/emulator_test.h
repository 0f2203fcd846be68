#pragma once
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "cuda/language.h"
#include "simt/work.h"

class EmulatorTest : public testing::Test {};

// Device memory that is freed in the end.
template <typename T>
class Buffer {
 public:
  explicit Buffer(std::size_t count) : count_(count) { EXPECT_EQ(cudaMalloc(&data_, count * sizeof(T)), cudaSuccess); }
  explicit Buffer(const std::vector<T>& values) : Buffer(values.size()) {
    EXPECT_EQ(cudaMemcpy(data_, values.data(), bytes(), cudaMemcpyHostToDevice), cudaSuccess);
  }
  ~Buffer() { EXPECT_EQ(cudaFree(data_), cudaSuccess); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* get() const { return data_; }
  std::size_t bytes() const { return count_ * sizeof(T); }
  void zero() { EXPECT_EQ(cudaMemset(data_, 0, bytes()), cudaSuccess); }
  void forget() { data_ = nullptr; }
  std::vector<T> host() const {
    std::vector<T> values(count_);
    EXPECT_EQ(cudaMemcpy(values.data(), data_, bytes(), cudaMemcpyDeviceToHost), cudaSuccess);
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

inline std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

// In three orders of the threads and blocks.
template <typename Run>
void in_all_orders(const Run& run) {
  using palimpsest::simt::Order, palimpsest::simt::set_order;
  const Order before = palimpsest::simt::order();
  for (const Order order : {Order{}, Order{Order::Kind::Reversed, 0}, Order{Order::Kind::Shuffled, 3}}) {
    set_order(order);
    run();
  }
  set_order(before);
}
