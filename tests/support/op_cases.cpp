#include "tests/support/op_cases.h"

#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/random.h"

namespace palimpsest {

namespace {
// FNV-1a: the same on every platform, unlike std::hash.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

void append(std::vector<OpCase>& to, std::vector<OpCase> from) {
  for (auto& one : from) to.push_back(std::move(one));
}
}  // namespace

std::vector<float> case_numbers(const std::string& name, int stream, std::int64_t count, Numbers numbers) {
  Random random(hash_of(name), Purpose::test, 0, std::uint64_t(stream));
  std::vector<float> values(static_cast<std::size_t>(count));
  for (auto& v : values) v = numbers == Numbers::random ? float(random.normal()) : float(int(random.below(5)) - 2);
  return values;
}

reference::Values case_values(const std::string& name, int stream, std::int64_t count, Numbers numbers) {
  const auto floats = case_numbers(name, stream, count, numbers);
  return {floats.begin(), floats.end()};
}

Tensor case_tensor(Device& device, const std::string& name, int stream, const Shape& shape, Layout layout,
                   Numbers numbers) {
  return device.make(shape, layout, case_numbers(name, stream, shape.count(), numbers));
}

double dot(const reference::Values& a, const reference::Values& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

reference::Result exactly(reference::Values values) {
  const std::size_t count = values.size();
  return {std::move(values), reference::Values(count, 0.0), 1};
}

reference::Result relative(reference::Values values) {
  reference::Values absolute = values;
  for (auto& v : absolute) v = std::abs(v);
  return {std::move(values), std::move(absolute), 1};
}

std::vector<OpCase> op_cases() {
  std::vector<OpCase> all;
  append(all, layer_cases(convolution_test_shapes()));
  append(all, layer_cases({LinearShape{1, 1, 1}, LinearShape{2, 3, 5}, LinearShape{5, 17, 1}, LinearShape{1, 130, 67},
                           LinearShape{7, 64, 64}, LinearShape{3, 250, 129}, LinearShape{16, 33, 8}}));
  // The tiles of the GPU's products that the shapes above leave out, whose sums are short (one part) and long
  // (several): tests/cuda_kernels/every_kernel_test.py names those that no case reaches.
  append(all, layer_cases({Conv2dShape{1, 33, 6, 6, 33}, Conv2dShape{1, 57, 6, 6, 57}, Conv2dShape{1, 65, 17, 16, 8},
                           Conv2dShape{1, 65, 17, 16, 65}, LinearShape{1, 64, 67}}));
  // What warpgroups of a GPU multiply: channels are multiples of 64 (tests/ops on cuda-emulated-bf16-warpgroup).
  append(all, layer_cases({Conv2dShape{2, 64, 9, 8, 128}, LinearShape{9, 128, 64}}));
  append(all,
         max_pool_cases({{1, 1, 2, 2}, {1, 3, 3, 5}, {2, 17, 7, 2}, {1, 16, 8, 8}, {3, 33, 5, 9}, {2, 64, 12, 12}}));
  append(all, average_pool_cases({{1, 1, 1, 1}, {2, 3, 1, 1}, {2, 17, 4, 2}, {3, 33, 5, 3}, {1, 64, 7, 7}}));
  append(all, elementwise_cases());
  append(all, training_cases());
  append(all, relevance_cases());
  append(all, picture_cases());
  return all;
}

}  // namespace palimpsest
