#pragma once
// nvcuda::wmma in the shapes used here: TF32 16x16x8 and bfloat16 16x16x16, float accumulators. Which lane holds which
// element is deliberately permuted, differently for each kind of fragment: a kernel that relies on an order is wrong.
#include <cstdint>

#include "cuda_bf16.h"
#include "cuda_runtime.h"

namespace palimpsest::simt {

enum class Fragment { A, B, Accumulator };

// Of `count` elements, 32 lanes hold count / 32 each; a permutation, since the factors are odd and count a power of 2.
constexpr unsigned fragment_position(Fragment kind, unsigned lane, unsigned element, unsigned count) {
  const unsigned place = lane * (count / 32) + element;
  const unsigned factor = kind == Fragment::A ? 77 : kind == Fragment::B ? 45 : 211;
  return (place * factor + 19) % count;
}

unsigned lane();
// All lanes of the warp must call with the same address and leading dimension, aligned as wmma demands.
void matrix_access(const char* name, const void* address, unsigned leading, std::size_t element_bytes, Site site);

struct Multiply {
  const void *a, *b;
  const float* c;
  float* d;
};
void multiply_tf32(const Multiply& lane, Site site);
void multiply_bf16(const Multiply& lane, Site site);

}  // namespace palimpsest::simt

namespace nvcuda::wmma {

struct row_major;
struct col_major;
struct matrix_a;
struct matrix_b;
struct accumulator;
namespace precision {
struct tf32;
}
enum layout_t { mem_row_major, mem_col_major };

// cvt.rna: to nearest, ties away from zero, 10 bits of mantissa.
inline float __float_to_tf32(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7f800000u) == 0x7f800000u) return value;
  return std::bit_cast<float>((bits + 0x1000u) & ~0x1fffu);
}

namespace detail {
template <typename T, unsigned count>
struct Elements {
  using element_type = T;
  static constexpr int num_elements = count / 32;
  static constexpr int num_storage_elements = num_elements;
  T x[num_elements];
};
}  // namespace detail

template <typename Use, int m, int n, int k, typename T, typename Layout = void>
class fragment;
template <typename Layout>
class fragment<matrix_a, 16, 16, 8, precision::tf32, Layout> : public detail::Elements<float, 128> {};
template <typename Layout>
class fragment<matrix_b, 16, 16, 8, precision::tf32, Layout> : public detail::Elements<float, 128> {};
template <>
class fragment<accumulator, 16, 16, 8, float> : public detail::Elements<float, 256> {};
template <typename Layout>
class fragment<matrix_a, 16, 16, 16, __nv_bfloat16, Layout> : public detail::Elements<__nv_bfloat16, 256> {};
template <typename Layout>
class fragment<matrix_b, 16, 16, 16, __nv_bfloat16, Layout> : public detail::Elements<__nv_bfloat16, 256> {};
template <>
class fragment<accumulator, 16, 16, 16, float> : public detail::Elements<float, 256> {};

template <typename T, unsigned count>
void fill_fragment(detail::Elements<T, count>& f, std::type_identity_t<T> value) {
  for (T& x : f.x) x = value;
}

namespace detail {
// Calls visit(element, row, column) for the elements of this lane, of a matrix with `columns` columns.
template <palimpsest::simt::Fragment kind, unsigned count, unsigned columns, typename Visit>
void for_own(const Visit& visit) {
  const unsigned lane = palimpsest::simt::lane();
  for (unsigned e = 0; e < count / 32; ++e) {
    const unsigned position = palimpsest::simt::fragment_position(kind, lane, e, count);
    visit(e, position / columns, position % columns);
  }
}
template <palimpsest::simt::Fragment kind, unsigned columns, bool by_row, typename T, unsigned count>
void load(Elements<T, count>& f, const T* p, unsigned ldm, palimpsest::simt::Site site) {
  palimpsest::simt::matrix_access("load_matrix_sync", p, ldm, sizeof(T), site);
  for_own<kind, count, columns>([&](unsigned e, unsigned row, unsigned column) {
    f.x[e] = by_row ? p[std::size_t{row} * ldm + column] : p[std::size_t{column} * ldm + row];
  });
}
}  // namespace detail

#define SIMT_SITE palimpsest::simt::Site site = palimpsest::simt::Site::current()

template <int k, typename P, typename Layout, typename T>
void load_matrix_sync(fragment<matrix_a, 16, 16, k, P, Layout>& a, const T* p, unsigned ldm, SIMT_SITE) {
  detail::load<palimpsest::simt::Fragment::A, k, __is_same(Layout, row_major)>(a, p, ldm, site);
}
template <int k, typename P, typename Layout, typename T>
void load_matrix_sync(fragment<matrix_b, 16, 16, k, P, Layout>& b, const T* p, unsigned ldm, SIMT_SITE) {
  detail::load<palimpsest::simt::Fragment::B, 16, __is_same(Layout, row_major)>(b, p, ldm, site);
}
template <int k>
void load_matrix_sync(fragment<accumulator, 16, 16, k, float>& c, const float* p, unsigned ldm, layout_t layout,
                      SIMT_SITE) {
  if (layout == mem_row_major)
    detail::load<palimpsest::simt::Fragment::Accumulator, 16, true>(c, p, ldm, site);
  else
    detail::load<palimpsest::simt::Fragment::Accumulator, 16, false>(c, p, ldm, site);
}

template <int k>
void store_matrix_sync(float* p, const fragment<accumulator, 16, 16, k, float>& c, unsigned ldm, layout_t layout,
                       SIMT_SITE) {
  palimpsest::simt::matrix_access("store_matrix_sync", p, ldm, sizeof(float), site);
  detail::for_own<palimpsest::simt::Fragment::Accumulator, 256, 16>([&](unsigned e, unsigned row, unsigned column) {
    p[layout == mem_row_major ? std::size_t{row} * ldm + column : std::size_t{column} * ldm + row] = c.x[e];
  });
}

template <typename LayoutA, typename LayoutB>
void mma_sync(fragment<accumulator, 16, 16, 8, float>& d,
              const fragment<matrix_a, 16, 16, 8, precision::tf32, LayoutA>& a,
              const fragment<matrix_b, 16, 16, 8, precision::tf32, LayoutB>& b,
              const fragment<accumulator, 16, 16, 8, float>& c, SIMT_SITE) {
  palimpsest::simt::multiply_tf32({a.x, b.x, c.x, d.x}, site);
}
template <typename LayoutA, typename LayoutB>
void mma_sync(fragment<accumulator, 16, 16, 16, float>& d,
              const fragment<matrix_a, 16, 16, 16, __nv_bfloat16, LayoutA>& a,
              const fragment<matrix_b, 16, 16, 16, __nv_bfloat16, LayoutB>& b,
              const fragment<accumulator, 16, 16, 16, float>& c, SIMT_SITE) {
  palimpsest::simt::multiply_bf16({a.x, b.x, c.x, d.x}, site);
}

#undef SIMT_SITE

}  // namespace nvcuda::wmma
