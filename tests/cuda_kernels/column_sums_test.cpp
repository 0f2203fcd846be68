#include "cuda/column_sums.h"

#include "base/error.h"
#include "tests/cuda_kernels/gemm_runs.h"

namespace palimpsest::PALIMPSEST_CUDA {
namespace {

using namespace reference;

TEST(ColumnSums, AreExactOnIntegers) {
  for (const int columns : {1, 31, 32, 70})
    for (const int rows : {0, 1, 8, 9, 300})
      for (const int slices : {1, 2, 7}) {
        const Floats values = reference::values(std::size_t(rows) * std::size_t(columns), {1, 1}, Numbers::integers, 5);
        const auto width = std::size_t(columns);
        const DeviceArray<float> from(values), sums(width), partial(std::size_t(slices) * width);
        column_sums(nullptr, from.get(), rows, columns, slices, partial.get(), sums.get());
        expect_equal(sums.download(), reference::column_sums(values, columns),
                     std::to_string(rows) + " x " + std::to_string(columns) + ", slices " + std::to_string(slices));
        partial.download();  // for its guard
      }
}

TEST(ColumnSums, NeedMemoryForSlices) {
  const DeviceArray<float> any(std::size_t{8});
  EXPECT_THROW(column_sums(nullptr, any.get(), 4, 2, 2, nullptr, any.get()), ContractError);
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
