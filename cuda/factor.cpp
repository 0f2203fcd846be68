#include "cuda/factor.h"

#include <algorithm>

#include "base/error.h"
#include "cuda/bf16_copy.h"
#include "cuda/recorded_memory.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

bool has_copies(const Context& context) {
  return context.precision == Precision::bf16 && context.refused.empty();
}

struct Rows {
  std::size_t count;
  int columns;
  std::size_t bytes() const { return copy_bytes(count, columns); }
};
Rows rows_of(const Shape& shape, Layout layout) {
  const Extents e = extents(shape, layout);
  return {e.outer * e.middle, int(e.inner)};
}
Rows rows_of(const Tensor& tensor) {
  return rows_of(tensor.shape, tensor.layout);
}

// Whether the copy is of the present values; it is about to be used.
bool is_present(const Context& context, const Tensor& tensor) {
  const CudaStorage::Copy& copy = storage_of(context, tensor).copy;
  const Rows rows = rows_of(tensor);
  const bool present = copy.rows == rows.count && copy.columns == rows.columns;
  if (context.recorded) context.recorded->copy_used(tensor, present);
  return present;
}

bool has_room(const CudaStorage::Copy& copy, const Rows& rows) {
  return copy.buffer && copy.buffer->bytes() >= rows.bytes();
}

Destination with_copy(const Context& context, const Tensor& tensor, float* values) {
  const CudaStorage::Copy& copy = storage_of(context, tensor).copy;
  const Rows rows = rows_of(tensor);
  return {values, has_room(copy, rows) && rows.columns % 8 == 0 ? copy.buffer->data() : nullptr};
}

}  // namespace

std::size_t copy_bytes(const Context& context, const Shape& shape, Layout layout) {
  return has_copies(context) ? rows_of(shape, layout).bytes() : 0;
}

Factor factor(const Context& context, const Tensor& tensor) {
  const float* const values = data(context, tensor);
  if (!has_copies(context)) return values;
  CudaStorage& storage = storage_of(context, tensor);
  CudaStorage::Copy& copy = storage.copy;
  if (!is_present(context, tensor)) {
    const Rows rows = rows_of(tensor);
    if (!has_room(copy, rows)) {
      PALIMPSEST_REQUIRE(!context.recorded, "a step that is recorded before it has run");
      copy = {0, 0, std::make_shared<DeviceBuffer>(context.pool, std::max(rows.bytes(), storage.bytes() / 2))};
    }
    bf16_copy(context.stream.get(), values, rows.count, rows.columns, copy.buffer->data());
    copy.rows = rows.count;
    copy.columns = rows.columns;
  }
  return {values, copy.buffer->data()};
}

Destination destination(const Context& context, const Tensor& tensor) {
  float* const values = written(context, tensor);
  return has_copies(context) ? with_copy(context, tensor, values) : values;
}

Destination changing(const Context& context, const Tensor& tensor) {
  if (with_copy(context, tensor, nullptr).copy) factor(context, tensor);
  return destination(context, tensor);
}

void copied(const Context& context, const Tensor& tensor, const Destination& to) {
  if (!to.copy) return;
  CudaStorage::Copy& copy = storage_of(context, tensor).copy;
  const Rows rows = rows_of(tensor);
  copy.rows = rows.count;
  copy.columns = rows.columns;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
