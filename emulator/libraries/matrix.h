#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "emulator/libraries/gemm.h"

namespace palimpsest::libraries {

// A column-major matrix of float32 in memory, and whether it is read transposed.
struct Matrix {
  std::int64_t rows = 0, columns = 0, leading = 0;
  bool transposed = false;

  bool fits() const { return leading >= std::max<std::int64_t>(1, rows); }
  std::size_t bytes() const {  // from the first value to the last
    return rows == 0 || columns == 0 ? 0 : std::size_t((columns - 1) * leading + rows) * sizeof(float);
  }
  std::int64_t op_rows() const { return transposed ? columns : rows; }
  std::int64_t op_columns() const { return transposed ? rows : columns; }
  Operand read(const void* data) const {
    const Operand plain = {static_cast<const float*>(data), 1, leading};
    return transposed ? plain.transposed() : plain;
  }
  Result write(void* data) const { return {static_cast<float*>(data), 1, leading}; }
};

// The matrix X for which op(X) has `rows` rows and `columns` columns.
inline Matrix operand(bool transposed, std::int64_t rows, std::int64_t columns, std::int64_t leading) {
  return transposed ? Matrix{columns, rows, leading, true} : Matrix{rows, columns, leading, false};
}

}  // namespace palimpsest::libraries
