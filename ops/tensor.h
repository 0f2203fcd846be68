#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

namespace palimpsest {

// Logical extents. Activations: images n, channels c, rows h, columns w. Matrices: n rows of c columns, h = w = 1.
// Convolution weights: n = output channels, c = input channels, h x w = kernel.
struct Shape {
  int n = 1, c = 1, h = 1, w = 1;
  constexpr std::int64_t count() const { return std::int64_t{n} * c * h * w; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

// What a tensor is used for. The device derives its private inner layout from it.
enum class Layout : std::uint8_t {
  activation,  // (n, c, h, w), channels padded to the device's block, padding lanes always zero
  kernel,      // convolution weights, both channel counts padded likewise
  matrix,      // (n, c), dense rows
  channels,    // one value per channel (c), padded like the activation it is added to
  winners,     // one byte per value of an activation: which input of a 2x2 window won, row major, 0..3
};

// A block of one device's memory; other devices reject it with ContractError. `version` changes with every write of
// weights, so that plans know when to repack.
class Storage {
 public:
  Storage(const void* owner, std::size_t bytes) : owner_(owner), bytes_(bytes) {}
  virtual ~Storage() = default;
  const void* owner() const { return owner_; }  // what the device calls itself
  std::size_t bytes() const { return bytes_; }
  std::uint64_t version = 0;

 private:
  const void* owner_;
  std::size_t bytes_;
};

// Shape plus shared storage; copying a Tensor does not copy the data. Only the device accesses the storage.
struct Tensor {
  Shape shape;
  Layout layout = Layout::activation;
  std::shared_ptr<Storage> storage;

  bool empty() const { return storage == nullptr; }
};

}  // namespace palimpsest
