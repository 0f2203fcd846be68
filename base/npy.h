#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest {

// One .npy array of format version 1.0 to 3.0. Big-endian items and Fortran order are converted to little endian and C
// order when read.
struct NpyArray {
  char kind = 'f';                  // numpy's: f (16, 32 or 64 bits), i, u (8 to 64), b, U, S
  int item_size = 4;                // bytes; for U four times the number of code points
  std::vector<std::int64_t> shape;  // empty for a scalar
  std::string bytes;
  fs::path path;       // where it was read, for messages
  std::string stored;  // how the file holds it: "float32", "big-endian float64 in Fortran order", "text"

  bool is_text() const { return kind == 'U' || kind == 'S'; }
  std::int64_t count() const;
  std::vector<float> floats() const;           // from any number type; throws Error for text
  std::vector<std::int64_t> integers() const;  // throws Error for text and for numbers with a fraction
  std::vector<double> doubles() const;         // as floats()
  double number() const;                       // the single element, a number or text that spells one ('<U' scalars)
  std::string text() const;  // requires is_text(); the single element. Throws Error unless it is ASCII
};

// A .npy file, or a member of a .npz archive as npz.h names it: D.npz[x], or D.npz if it has only one. Throws Error
// when the file is missing, is neither (the message says what it is if known), is truncated or has an item type not
// listed above (pickled objects, structures, complex numbers, dates, other floats).
NpyArray read_npy(const fs::path& path);

// For the user's arrays: the values, and a remark if the file holds another type than float32, or floats instead of
// whole numbers.
std::vector<float> floats_and_remark(const NpyArray& array);
std::vector<std::int64_t> integers_and_remark(const NpyArray& array);

void write_npy(const fs::path& path, std::span<const float> values, std::span<const std::int64_t> shape);
void write_npy(const fs::path& path, std::span<const std::int64_t> values, std::span<const std::int64_t> shape);

// Writes a float32 array in parts, for arrays too large for memory. commit() after the last part.
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
