// Products of tensor cores by their PTX instructions, with fragments loaded in every way that the kernels use.
#include "cuda/tensor_core.h"

#include <cuda_bf16.h>

#include "emulator_test.h"

namespace {

using namespace palimpsest::PALIMPSEST_CUDA;

// Left 16 x k, right k x 8, small integers, exact in every format.
int left_value(int row, int k) {
  return (row * 7 + k * 3) % 11 - 5;
}
int right_value(int k, int column) {
  return (k * 5 + column * 2) % 9 - 4;
}

template <class Element>
std::vector<Element> matrix(int rows, int columns, int (*value)(int, int)) {
  std::vector<Element> values;
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column) values.push_back(Element(float(value(row, column))));
  return values;
}
void expect_product(const std::vector<float>& c, int depth) {
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      int expected = row * 8 + column;
      for (int k = 0; k < depth; ++k) expected += left_value(row, k) * right_value(k, column);
      ASSERT_EQ(c[std::size_t(row * 8 + column)], float(expected)) << row << " " << column;
    }
}

// c += a * b: a as rows, b as columns (`by_depth`) or as rows, both in shared memory without gaps.
template <class Element, int DEPTH, bool BY_DEPTH>
__global__ void product(const Element* a, const Element* b, float* c) {
  SHARED_ARRAY(float4, memory, 64);
  auto* const left = reinterpret_cast<Element*>(memory);
  Element* const right = left + 16 * DEPTH;
  const int lane = int(threadIdx.x), g = lane / 4, t = lane % 4;
  for (int i = lane; i < 16 * DEPTH; i += 32) left[i] = a[i];
  for (int i = lane; i < 8 * DEPTH; i += 32) right[i] = b[i];
  __syncwarp();
  // Upper and lower rows, each in two halves of the sum.
  unsigned both[4], factors[4];
  load_matrices(both, left + lane % 16 * DEPTH + lane / 16 * (DEPTH / 2));
  const unsigned upper[2] = {both[0], both[2]}, lower[2] = {both[1], both[3]};
  if constexpr (BY_DEPTH)
    load_matrices(factors, right + lane % 8 * DEPTH + lane / 8 % 2 * (DEPTH / 2));
  else if constexpr (sizeof(Element) == 2)
    load_matrices_transposed(factors, right + lane % 16 * 8);
  else
    for (int half = 0; half < 2; ++half) factors[half] = __float_as_uint(float(right[(4 * half + t) * 8 + g]));
  const unsigned used[2] = {factors[0], factors[1]};
  float sum[4];
  for (int e = 0; e < 4; ++e) sum[e] = c[(g + e / 2 * 8) * 8 + 2 * t + e % 2];
  if constexpr (sizeof(Element) == 2)
    mma_bf16(sum, upper, lower, used);
  else
    mma_tf32(sum, upper, lower, used);
  for (int e = 0; e < 4; ++e) c[(g + e / 2 * 8) * 8 + 2 * t + e % 2] = sum[e];
}

template <class Element, int DEPTH, bool BY_DEPTH>
void check_product() {
  const Buffer<Element> a(matrix<Element>(16, DEPTH, left_value)),
      b(BY_DEPTH ? matrix<Element>(8, DEPTH, [](int column, int k) { return right_value(k, column); })
                 : matrix<Element>(DEPTH, 8, right_value));
  const Buffer<float> c(counting(128));
  CUDA_LAUNCH((product<Element, DEPTH, BY_DEPTH>), 1, 32, 0, nullptr, a.get(), b.get(), c.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  expect_product(c.host(), DEPTH);
}

TEST(TensorCores, Tf32Products) {
  check_product<float, 8, true>();
  check_product<float, 8, false>();
}
TEST(TensorCores, Bfloat16Products) {
  check_product<__nv_bfloat16, 16, true>();
  check_product<__nv_bfloat16, 16, false>();
}

__global__ void ones(float factor, float* out) {
  const unsigned a[2] = {__float_as_uint(factor), 0}, one[2] = {__float_as_uint(1.0f), 0};
  float sum[4] = {};
  mma_tf32(sum, a, a, one);
  out[threadIdx.x] = sum[0];
}
TEST(TensorCores, Tf32IgnoresTheLowBits) {
  const Buffer<float> out(32);
  CUDA_LAUNCH(ones, 1, 32, 0, nullptr, 1 + 0x1.ffep-11f, out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(out.host(), std::vector<float>(32, 4.0f));
}

}  // namespace
