#include "cpu/layout.h"

#include <cstring>

namespace palimpsest::cpu {

namespace {

// Calls visit(blocked index, canonical index or -1 for a padding lane) for every stored value.
template <typename Visit>
void for_each(const Context& context, const Shape& s, Layout layout, Visit visit) {
  const int block = context.block;
  const std::int64_t area = std::int64_t{s.h} * s.w;
  if (layout == Layout::activation) {
    const int blocks = context.padded(s.c) / block;
#pragma omp parallel for schedule(static)
    for (int plane = 0; plane < s.n * blocks; ++plane) {
      const int n = plane / blocks, base = plane % blocks * block;
      for (std::int64_t p = 0; p < area; ++p)
        for (int lane = 0; lane < block; ++lane) {
          const int c = base + lane;
          visit((std::int64_t{plane} * area + p) * block + lane, c < s.c ? (std::int64_t{n} * s.c + c) * area + p : -1);
        }
    }
  } else {
    const int out_blocks = context.padded(s.n) / block, in_blocks = context.padded(s.c) / block;
#pragma omp parallel for schedule(static)
    for (int pair = 0; pair < out_blocks * in_blocks; ++pair)
      for (std::int64_t p = 0; p < area; ++p)
        for (int i = 0; i < block; ++i)
          for (int o = 0; o < block; ++o) {
            const int k = pair / in_blocks * block + o, c = pair % in_blocks * block + i;
            visit(((std::int64_t{pair} * area + p) * block + i) * block + o,
                  k < s.n && c < s.c ? (std::int64_t{k} * s.c + c) * area + p : -1);
          }
  }
}

bool dense(Layout layout) {
  return layout == Layout::matrix || layout == Layout::channels;
}

}  // namespace

void from_canonical(const Context& context, const Tensor& to, const float* values) {
  PALIMPSEST_REQUIRE(to.layout != Layout::winners, "winners cannot be uploaded");
  float* const out = data(context, to);
  if (dense(to.layout)) {
    std::memcpy(out, values, std::size_t(to.shape.count()) * sizeof(float));
    clear_padding(context, to);
    return;
  }
  for_each(context, to.shape, to.layout,
           [&](std::int64_t blocked, std::int64_t at) { out[blocked] = at < 0 ? 0.0F : values[at]; });
}

void to_canonical(const Context& context, const Tensor& from, float* values) {
  PALIMPSEST_REQUIRE(from.layout != Layout::winners, "winners cannot be downloaded");
  const float* const in = data(context, from);
  if (dense(from.layout)) {
    std::memcpy(values, in, std::size_t(from.shape.count()) * sizeof(float));
    return;
  }
  for_each(context, from.shape, from.layout, [&](std::int64_t blocked, std::int64_t at) {
    if (at >= 0) values[at] = in[blocked];
  });
}

void clear_padding(const Context& context, const Tensor& tensor) {
  float* const out = data(context, tensor);
  if (tensor.layout == Layout::channels) {
    for (int c = tensor.shape.c; c < context.padded(tensor.shape.c); ++c) out[c] = 0;
  } else if (!dense(tensor.layout)) {
    for_each(context, tensor.shape, tensor.layout, [&](std::int64_t blocked, std::int64_t at) {
      if (at < 0) out[blocked] = 0;
    });
  }
}

}  // namespace palimpsest::cpu
