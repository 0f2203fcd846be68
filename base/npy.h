#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest {

// One .npy array in C order (format versions 1.0 to 3.0, little endian; Fortran order is turned into C order).
struct NpyArray {
  char kind = 'f';                  // numpy's: f, i, u, b, U
  int item_size = 4;                // bytes; for U four times the number of code points
  std::vector<std::int64_t> shape;  // empty for a scalar
  std::string bytes;
  fs::path path;  // where it was read, for messages

  std::int64_t count() const;
  std::vector<float> floats() const;           // from any number type; throws Error for text
  std::vector<std::int64_t> integers() const;  // throws Error for text and for numbers with a fraction
  double number() const;                       // the single element, a number or text that spells one ('<U' scalars)
};

// Throws Error when the file is missing, is not .npy, is cut short or has an item type not listed above.
NpyArray read_npy(const fs::path& path);

// The shape alone, without reading the values. Throws as read_npy where the header is not one.
std::vector<std::int64_t> read_npy_shape(const fs::path& path);

void write_npy(const fs::path& path, std::span<const float> values, std::span<const std::int64_t> shape);
void write_npy(const fs::path& path, std::span<const std::int64_t> values, std::span<const std::int64_t> shape);

// Writes a float32 array part by part, for arrays that need not be in memory whole. commit() after the last part.
class NpyWriter {
 public:
  NpyWriter(const fs::path& path, std::span<const std::int64_t> shape);
  void append(std::span<const float> values);
  void commit();  // requires: as many values appended as the shape has

 private:
  AtomicFile file_;
  std::int64_t remaining_;
};

}  // namespace palimpsest
