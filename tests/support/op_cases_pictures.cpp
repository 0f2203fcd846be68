#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tests/support/op_cases.h"

namespace palimpsest {

namespace {

using reference::Result;
using reference::Values;

std::vector<std::uint8_t> bytes_of(const std::string& name, std::int64_t count) {
  std::vector<std::uint8_t> bytes;
  for (const float v : case_numbers(name, 0, count, Numbers::random))
    bytes.push_back(std::uint8_t(std::clamp(128 + 70 * v, 0.0F, 255.0F)));
  return bytes;
}

// A different map for each picture: rotated, scaled, shifted beyond the edge, mirrored or not.
std::vector<PixelMap> maps_of(int n, bool affine) {
  std::vector<PixelMap> maps(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    PixelMap& map = maps[std::size_t(i)];
    map.flip = i % 2 == 1;
    map.affine = affine;
    if (!affine) continue;
    const double angle = 0.3 * (i + 1), zoom = 0.8 + 0.15 * i;
    map.linear = {zoom * std::cos(angle), -std::sin(angle), std::sin(angle), zoom * std::cos(angle)};
    map.offset = {1.25 - i, 0.5 * i - 0.75};
  }
  return maps;
}

// A picture's value between its pixels, in double.
double sample(const std::vector<std::uint8_t>& pixels, const Shape& s, int image, int channel, double row,
              double column) {
  const double y = std::clamp(row, 0.0, s.h - 1.0), x = std::clamp(column, 0.0, s.w - 1.0);
  const int top = int(y), left = int(x), bottom = std::min(top + 1, s.h - 1), right = std::min(left + 1, s.w - 1);
  const auto at = [&](int i, int j) {
    return double(
        pixels[((std::size_t(image) * std::size_t(s.h) + std::size_t(i)) * std::size_t(s.w) + std::size_t(j)) * 3 +
               std::size_t(channel)]);
  };
  const double down = y - top, across = x - left;
  return (1 - down) * ((1 - across) * at(top, left) + across * at(top, right)) +
         down * ((1 - across) * at(bottom, left) + across * at(bottom, right));
}

OpCase augment(const Shape& s, bool affine, const Normalisation& normalisation, const std::string& named) {
  OpCase one;
  one.name = fmt::format("augment {}{} n{} h{} w{}", named, affine ? " affine" : "", s.n, s.h, s.w);
  one.flops = 30.0 * double(s.count());
  one.bytes = 5.0 * double(s.count());
  one.exact_on_integers = !affine && named == "none";
  one.prepare = [name = one.name, s, affine, normalisation](Device& device, Numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make(s, Layout::activation)};
    op.run = [&device, normalisation, pixels = bytes_of(name, s.count()), maps = maps_of(s.n, affine),
              images = op.outputs[0]] { device.augment(pixels, maps, normalisation, images); };
    return op;
  };
  one.expected = [name = one.name, s, affine, n = normalisation](Numbers) {
    const auto pixels = bytes_of(name, s.count());
    const auto maps = maps_of(s.n, affine);
    Result images{{}, {}, 4};
    for (int i = 0; i < s.n; ++i)
      for (std::size_t c = 0; c < 3; ++c)
        for (int y = 0; y < s.h; ++y)
          for (int x = 0; x < s.w; ++x) {
            const PixelMap& map = maps[std::size_t(i)];
            const int to = map.flip ? s.w - 1 - x : x;
            const double value =
                sample(pixels, s, i, n.source[c], map.linear[0] * y + map.linear[1] * to + map.offset[0],
                       map.linear[2] * y + map.linear[3] * to + map.offset[1]);
            images.value.push_back((value - double(n.mean[c])) * double(n.scale[c]));
            images.absolute.push_back((255 + double(n.mean[c])) * double(n.scale[c]));
          }
    return std::vector<Result>{images};
  };
  return one;
}

OpCase sum_channels(const Shape& s) {
  OpCase one;
  one.name = fmt::format("heatmap sum_channels n{} c{} h{} w{}", s.n, s.c, s.h, s.w);
  one.flops = double(s.count());
  one.bytes = 4.0 * double(s.count() + std::int64_t{s.n} * s.h * s.w);
  one.prepare = [name = one.name, s](Device& device, Numbers numbers, const MakeOutput& make) {
    PreparedOp op;
    op.outputs = {make({s.n, s.h * s.w}, Layout::matrix)};
    op.run = [&device, r = case_tensor(device, name, 0, s, Layout::activation, numbers), maps = op.outputs[0]] {
      device.sum_channels(r, maps);
    };
    return op;
  };
  one.expected = [name = one.name, s](Numbers numbers) {
    const auto r = case_values(name, 0, s.count(), numbers);
    const auto area = std::size_t(s.h) * std::size_t(s.w);
    Values sums(std::size_t(s.n) * area, 0.0);
    for (std::size_t i = 0; i < r.size(); ++i) sums[i / (area * std::size_t(s.c)) * area + i % area] += r[i];
    return std::vector<Result>{relative(sums)};  // summed in double, so only the result is rounded
  };
  return one;
}

OpCase normalise(int n, int pixels, MapNormalisation kind, bool constant) {
  OpCase one;
  const Shape s{n, pixels};
  one.name = fmt::format("heatmap normalise {}{} n{} pixels{}", int(kind), constant ? " constant" : "", n, pixels);
  one.flops = 4.0 * double(s.count());
  one.bytes = 8.0 * double(s.count());
  one.exact_on_integers = false;
  one.prepare = [name = one.name, s, kind, constant](Device& device, Numbers numbers, const MakeOutput& make) {
    const Tensor maps = case_tensor(device, name, 0, s, Layout::matrix, numbers);
    if (constant) device.fill(maps, 1.5F);
    PreparedOp op;
    op.outputs = {make(s, Layout::matrix)};
    op.run = [&device, kind, maps, to = op.outputs[0]] { device.normalise_maps(maps, kind, to); };
    return op;
  };
  one.expected = [name = one.name, s, kind, constant](Numbers numbers) {
    auto maps = case_values(name, 0, s.count(), numbers);
    if (constant) std::fill(maps.begin(), maps.end(), 1.5);
    Result result{{}, Values(maps.size(), 1.0), 1};
    for (std::size_t begin = 0; begin < maps.size(); begin += std::size_t(s.c)) {
      const auto first = maps.begin() + std::ptrdiff_t(begin), last = first + s.c;
      const double low = *std::min_element(first, last), high = *std::max_element(first, last);
      double total = 0;
      for (auto at = first; at != last; ++at) total += *at;
      for (auto at = first; at != last; ++at) {
        const double most = std::max(std::abs(low), std::abs(high));
        const double value = kind == MapNormalisation::min_max   ? (high > low ? (*at - low) / (high - low) : 0.5)
                             : kind == MapNormalisation::max_abs ? (most > 0 ? (*at / most + 1) / 2 : 0.5)
                                                                 : (total != 0 ? *at / std::abs(total) : 0.0);
        result.value.push_back(std::clamp(value, 0.0, 1.0));
      }
    }
    return std::vector<Result>{result};
  };
  return one;
}

}  // namespace

std::vector<OpCase> picture_cases() {
  std::vector<OpCase> cases;
  for (const Shape& s : {Shape{1, 3, 1, 1}, Shape{2, 3, 5, 9}, Shape{5, 3, 32, 31}}) {
    cases.push_back(augment(s, false, Normalisation::none(), "none"));
    for (const bool affine : {false, true}) {
      cases.push_back(augment(s, affine, Normalisation::torchvision(), "torchvision"));
      cases.push_back(augment(s, affine, Normalisation::caffe(), "caffe"));
    }
  }
  for (const Shape& s : {Shape{1, 1, 1, 1}, Shape{3, 3, 7, 5}, Shape{2, 3, 32, 32}, Shape{2, 19, 4, 3}})
    cases.push_back(sum_channels(s));
  for (const auto kind : {MapNormalisation::min_max, MapNormalisation::max_abs, MapNormalisation::share}) {
    cases.push_back(normalise(1, 1, kind, false));
    cases.push_back(normalise(3, 35, kind, false));
    cases.push_back(normalise(2, 1024, kind, false));
    cases.push_back(normalise(2, 9001, kind, false));
    cases.push_back(normalise(2, 40, kind, true));
  }
  return cases;
}

}  // namespace palimpsest
